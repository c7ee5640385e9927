import { describe, expect, test } from 'vitest'
import { nameOf } from '../../../src/plan/need.ts'
import { decide, meansOf, missing, notesOf, type Plan, sourceOf, type Verdict } from '../../../src/plan/plan.ts'
import { registry } from '../../../src/tracers/registry.ts'

const { needs } = registry
const ways = needs.flatMap(need => need.ways)

/** What a kernel offers; a way works where all that it takes is there. */
type Feature =
  | 'btf'
  | 'task storage'
  | 'fexit'
  | 'kprobes'
  | 'length tracepoints'
  | 'tracefs'
  | 'raw_tp'
  | 'raw_tp without preemption'
  | 'inet_diag'
  | 'state tracepoint'

const TAKES: Readonly<Record<string, readonly Feature[]>> = {
  'syscalls tp_btf': ['btf', 'task storage', 'raw_tp without preemption'],
  'syscalls tp:raw_syscalls': ['btf', 'task storage', 'tracefs'],
  'syscalls raw_tp': ['raw_tp', 'raw_tp without preemption'],
  'syscalls tp:raw_syscalls+hash': ['raw_tp', 'tracefs'],
  'processes tp_btf': [],
  'processes tp:sched': [],
  'processes raw_tp': [],
  'processes tp:sched+hash': [],
  'connections tp_btf': ['btf', 'task storage'],
  'connections tp:inet_sock_set_state': ['tracefs', 'state tracepoint'],
  'sockets iter/tcp': [],
  'sockets inet_diag': ['inet_diag'],
  'owners iter/task_file': [],
  'owners /proc/PID/fd': [],
  'bytes tp_btf:sock_send_length': ['btf', 'length tracepoints'],
  'bytes tp+tp_btf:sock_send_length': ['btf', 'tracefs', 'length tracepoints'],
  'bytes fexit:inet_sendmsg': ['btf', 'fexit'],
  'bytes tp:sock_send_length': ['tracefs', 'length tracepoints'],
  'bytes kprobe:inet_sendmsg': ['kprobes'],
  'bytes tcp_sockets': [],
  'in_flight iter/task': ['btf'],
  'in_flight iter/task+hash': ['btf'],
}

const PREEMPTED: readonly Feature[] = ['raw_tp', 'tracefs', 'state tracepoint', 'inet_diag']
const PLAIN: readonly Feature[] = [...PREEMPTED, 'raw_tp without preemption']

/** Runs the plan as the program does, trying one way after the other. */
function planOf(features: readonly Feature[], compatOnly = false): { plan: Plan; tried: string[] } {
  const verdicts = new Map<string, Verdict>()
  for (;;) {
    const plan = decide(needs, verdicts, { compatOnly })
    if (plan.next === null) return { plan, tried: [...verdicts.keys()] }
    const name = nameOf(plan.next)
    const lacks = TAKES[name]?.find(feature => !features.includes(feature))
    verdicts.set(name, lacks === undefined ? { works: true } : { works: false, reason: `no ${lacks}` })
  }
}

function sources({ plan }: { plan: Plan }): Record<string, string> {
  return {
    syscalls: sourceOf(plan, 'syscalls'),
    processes: sourceOf(plan, 'processes'),
    connections: sourceOf(plan, 'connections'),
    sockets: sourceOf(plan, 'sockets'),
    owners: sourceOf(plan, 'owners'),
    bytes: sourceOf(plan, 'bytes'),
    in_flight: sourceOf(plan, 'in_flight'),
  }
}

const FULL = {
  syscalls: 'tp_btf',
  processes: 'tp_btf',
  connections: 'tp_btf',
  sockets: 'iter/tcp',
  owners: 'iter/task_file',
  in_flight: 'iter/task',
}
const COMPAT = {
  syscalls: 'raw_tp',
  processes: 'raw_tp',
  connections: 'tp:inet_sock_set_state',
  sockets: 'inet_diag',
  owners: '/proc/PID/fd',
  in_flight: 'none',
}
const COMPAT_WITH_BTF = { ...COMPAT, in_flight: 'iter/task+hash' }

describe('the plan', () => {
  test.each<{ kernel: string; features: readonly Feature[]; base: object; bytes: string }>([
    { kernel: '4.18 of RHEL 8, no BTF', features: [...PLAIN, 'kprobes'], base: COMPAT, bytes: 'kprobe:inet_sendmsg' },
    {
      kernel: '5.4 of Ubuntu 20.04, no BTF',
      features: [...PLAIN, 'kprobes'],
      base: COMPAT,
      bytes: 'kprobe:inet_sendmsg',
    },
    {
      kernel: '5.10: BTF, but no task storage',
      features: [...PLAIN, 'btf', 'kprobes', 'fexit'],
      base: COMPAT_WITH_BTF,
      bytes: 'kprobe:inet_sendmsg',
    },
    {
      kernel: '5.15',
      features: [...PLAIN, 'btf', 'task storage', 'kprobes', 'fexit'],
      base: FULL,
      bytes: 'fexit:inet_sendmsg',
    },
    {
      kernel: '6.1',
      features: [...PLAIN, 'btf', 'task storage', 'kprobes', 'fexit'],
      base: FULL,
      bytes: 'fexit:inet_sendmsg',
    },
    { kernel: '6.1 without BTF and kprobes', features: PLAIN, base: COMPAT, bytes: 'tcp_sockets' },
    {
      kernel: '6.1 with BTF, without fexit and kprobes',
      features: [...PLAIN, 'btf', 'task storage'],
      base: FULL,
      bytes: 'tcp_sockets',
    },
    {
      kernel: '6.18 without kprobes and fexit',
      features: [...PLAIN, 'btf', 'task storage', 'length tracepoints'],
      base: FULL,
      bytes: 'tp_btf:sock_send_length',
    },
    {
      kernel: '6.18 without BTF',
      features: [...PLAIN, 'length tracepoints', 'kprobes'],
      base: COMPAT,
      bytes: 'tp:sock_send_length',
    },
    {
      kernel: '6.18',
      features: [...PLAIN, 'btf', 'task storage', 'length tracepoints', 'kprobes', 'fexit'],
      base: FULL,
      bytes: 'tp_btf:sock_send_length',
    },
    {
      kernel: '7.0, which preempts programs on raw tracepoints',
      features: [...PREEMPTED, 'btf', 'task storage', 'length tracepoints', 'kprobes', 'fexit'],
      base: { ...FULL, syscalls: 'tp:raw_syscalls', processes: 'tp:sched' },
      bytes: 'tp+tp_btf:sock_send_length',
    },
  ])('on $kernel', ({ features, base, bytes }) => {
    expect(sources(planOf(features))).toEqual({ ...base, bytes })
  })

  test('uses in compatible mode nothing else, whatever the kernel offers', () => {
    const all = planOf([...PLAIN, 'btf', 'task storage', 'length tracepoints', 'kprobes', 'fexit'], true)
    expect(sources(all)).toEqual({ ...COMPAT_WITH_BTF, bytes: 'tp:sock_send_length' })
    expect(all.tried).not.toContain('syscalls tp_btf')
    const preempted = planOf([...PREEMPTED, 'btf', 'task storage', 'length tracepoints', 'kprobes', 'fexit'], true)
    expect(sources(preempted)).toEqual({
      ...COMPAT_WITH_BTF,
      syscalls: 'tp:raw_syscalls+hash',
      processes: 'tp:sched+hash',
      bytes: 'tp:sock_send_length',
    })
  })

  test('tries nothing behind the way that it chose', () => {
    const { tried } = planOf([...PLAIN, 'btf', 'task storage', 'length tracepoints', 'kprobes', 'fexit'])
    expect(tried).not.toContain('syscalls raw_tp')
    expect(tried).not.toContain('bytes fexit:inet_sendmsg')
  })

  test('goes on with the rest where one need cannot be met, and says why', () => {
    const { plan } = planOf(['raw_tp', 'raw_tp without preemption'])
    expect(sources({ plan })).toEqual({
      syscalls: 'raw_tp',
      processes: 'raw_tp',
      connections: 'none',
      sockets: 'none',
      owners: 'none',
      bytes: 'none',
      in_flight: 'none',
    })
    const reasons = missing(plan).map(({ need, reason }) => ({ need: need.name, reason }))
    expect(reasons).toContainEqual({ need: 'connections', reason: 'no tracefs' })
    expect(reasons).toContainEqual({ need: 'sockets', reason: 'no inet_diag' })
    expect(reasons).toContainEqual({
      need: 'bytes',
      reason: 'works only together with sockets by iter/tcp or inet_diag',
    })
  })

  test('is told in a line for each need that is not met, and for type information that does not serve', () => {
    const btf = '/tmp/a.btf'
    expect(notesOf(planOf([...PLAIN, 'btf', 'task storage']).plan, { btf })).toEqual([
      'compatible mode for bytes of processes: no length tracepoints',
    ])
    expect(notesOf(planOf([...PLAIN, 'kprobes']).plan, { btf })).toEqual([
      `--btf ${btf} cannot be used here: no btf`,
      'not measured here: system calls in flight (no btf)',
    ])
    expect(notesOf(planOf(['raw_tp', 'raw_tp without preemption', 'inet_diag'], true).plan)).toEqual([
      'not measured here: start, latency and end of TCP connections (no tracefs)',
      'not measured here: system calls in flight (no btf)',
    ])
  })

  test('is told in a line where the chosen way leaves something out', () => {
    const verdicts = new Map<string, Verdict>(ways.map(way => [nameOf(way), { works: true }]))
    verdicts.set('syscalls tp_btf', { works: true, flaw: 'this kernel preempts programs' })
    const plan = decide(needs, verdicts, { compatOnly: false })
    expect(sourceOf(plan, 'syscalls')).toBe('tp_btf')
    expect(notesOf(plan)).toEqual(['not all system calls and their durations: this kernel preempts programs'])
  })

  test('says why compatible mode was chosen where nobody asked for it, and where the verifier’s words are', () => {
    const features = [...PLAIN, 'btf', 'kprobes'] as const
    expect(notesOf(planOf(features).plan, { verifierLog: '/tmp/v.log' })).toEqual([
      'compatible mode for system calls and their durations: no task storage',
      'the full log of the verifier is in /tmp/v.log',
    ])
    expect(notesOf(planOf(features, true).plan)).toEqual([])
  })

  test('names for each need what was chosen, and why nothing better', () => {
    const { plan } = planOf([...PLAIN, 'kprobes'])
    expect(meansOf(plan)).toEqual([
      { need: 'syscalls', source: 'raw_tp', why: 'no btf' },
      { need: 'processes', source: 'raw_tp', why: 'works only together with syscalls by tp_btf' },
      {
        need: 'connections',
        source: 'tp:inet_sock_set_state',
        why: 'works only together with syscalls by tp_btf or tp:raw_syscalls',
      },
      { need: 'sockets', source: 'inet_diag', why: 'works only together with connections by tp_btf' },
      { need: 'owners', source: '/proc/PID/fd', why: 'works only together with sockets by iter/tcp' },
      { need: 'bytes', source: 'kprobe:inet_sendmsg', why: 'works only together with syscalls by tp_btf' },
      {
        need: 'in_flight',
        source: 'none',
        why: 'works only together with syscalls by tp_btf or tp:raw_syscalls',
      },
    ])
  })

  test('sees open connections without the tracepoint, and their bytes', () => {
    expect(sources(planOf(['raw_tp', 'raw_tp without preemption', 'inet_diag']))).toMatchObject({
      connections: 'none',
      sockets: 'inet_diag',
      owners: '/proc/PID/fd',
      bytes: 'tcp_sockets',
    })
  })

  test('keeps the reason why each better way is not used', () => {
    const { plan } = planOf([...PLAIN, 'kprobes'])
    const reasons = plan.rejected.map(({ way, reason }) => `${nameOf(way)}: ${reason}`)
    expect(reasons).toContain('syscalls tp_btf: no btf')
    expect(reasons).toContain('bytes tp:sock_send_length: no length tracepoints')
    expect(reasons).toContain(
      'bytes fexit:inet_sendmsg: works only together with syscalls by tp_btf or tp:raw_syscalls',
    )
  })
})

describe('the ways', () => {
  test('have names of their own, and stand with their needs in order', () => {
    const names = ways.map(nameOf)
    expect(new Set(names).size).toBe(names.length)
    expect([...new Set(ways.map(way => way.need))]).toEqual(needs.map(({ name }) => name))
    expect(names.toSorted()).toEqual(Object.keys(TAKES).toSorted())
  })

  test('offer one for compatible mode to each need', () => {
    for (const need of needs) expect(need.ways.some(way => way.compat)).toBe(true)
  })
})
