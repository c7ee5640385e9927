import { describe, expect, test } from 'vitest'
import { format } from '../../../src/doctor/doctor.ts'
import type { Facts } from '../../../src/doctor/facts.ts'
import { diagnose, type Row } from '../../../src/doctor/rows.ts'
import { nameOf } from '../../../src/plan/need.ts'
import { decide, type Plan } from '../../../src/plan/plan.ts'
import { effectiveSet, lacking } from '../../../src/rights/capabilities.ts'
import { registry } from '../../../src/tracers/registry.ts'
import { factsOf, REFUSED, verdicts, without } from '../../support/doctor.ts'

const { needs } = registry
const ways = needs.flatMap(need => need.ways)

const COMPAT = decide(needs, verdicts(), { compatOnly: true })
const NOTHING: Plan = { needs, chosen: new Map(), rejected: [], flaws: [], next: null }

function rowOf(topic: string, changes: Partial<Facts>): Row | undefined {
  return diagnose(factsOf(changes)).rows.find(row => row.topic === topic)
}

describe('the doctor', () => {
  test('finds nothing on a machine where all is well', () => {
    const { able, rows } = diagnose(factsOf())
    expect(able).toBe(true)
    expect(rows.filter(row => row.state !== 'yes')).toEqual([])
  })

  test.each<{ topic: string; when: string; changes: Partial<Facts>; row: Partial<Row> }>([
    {
      topic: 'kernel',
      when: 'of an architecture that is not known',
      changes: { arch: 's390x' },
      row: { state: 'no', remedy: 'use x86_64 or arm64' },
    },
    {
      topic: 'libbpf',
      when: 'absent or too old',
      changes: { libbpf: { problem: 'libbpf is not installed', remedy: 'install it: dnf install libbpf' }, plan: null },
      row: { state: 'no', detail: 'libbpf is not installed', remedy: 'install it: dnf install libbpf' },
    },
    {
      topic: 'libbpf',
      when: 'older than its version',
      changes: { libbpf: { version: null } },
      row: { state: 'yes', detail: 'before 0.6' },
    },
    {
      topic: 'libbpf',
      when: 'older than the type information of the kernel',
      changes: {
        libbpf: { version: null },
        verdicts: verdicts().set('syscalls tp_btf', {
          works: false,
          reason: 'cannot load processes.bpf.o: ESRCH (failed to find valid kernel BTF)',
        }),
      },
      row: {
        state: 'partly',
        detail: 'before 0.6, too old to read the type information of this kernel',
        remedy: 'install a newer libbpf: 1.0 reads that of Linux 6.0 and later',
      },
    },
    {
      topic: 'permission',
      when: 'an ordinary user',
      changes: { root: false, capabilities: 0n },
      row: {
        state: 'no',
        detail: 'missing CAP_BPF (loading BPF programs) and CAP_PERFMON (tracing)',
        remedy: 'run it as root: sudo ebpf-top --doctor',
      },
    },
    {
      topic: 'permission',
      when: 'one capability too few',
      changes: { root: false, capabilities: 1n << 39n },
      row: { state: 'no', detail: 'missing CAP_PERFMON (tracing)' },
    },
    {
      topic: 'permission',
      when: 'just what is needed',
      changes: { root: false, capabilities: (1n << 39n) | (1n << 38n) },
      row: { state: 'yes' },
    },
    {
      topic: 'permission',
      when: 'root of a container',
      changes: { capabilities: 0n },
      row: { state: 'no', remedy: 'give them to the container: --cap-add BPF --cap-add PERFMON' },
    },
    {
      topic: 'permission',
      when: 'in a sandbox',
      changes: { root: false, capabilities: 0n, noNewPrivileges: true },
      row: { state: 'no', remedy: 'start it outside of this sandbox, as root' },
    },
    {
      topic: 'permission',
      when: 'root of a user namespace',
      changes: { capabilities: 0n, userNamespace: true },
      row: { state: 'no', remedy: 'run it as root of the host, outside of this container' },
    },
    {
      topic: 'rights',
      when: 'started as root',
      changes: {},
      row: {
        state: 'yes',
        detail: 'it starts as root, and becomes ann with CAP_BPF alone; on the screen also CAP_SYS_NICE, for R',
      },
    },
    {
      topic: 'rights',
      when: 'started as root, in compatible mode',
      changes: { plan: COMPAT, capabilities: without(23) },
      row: {
        state: 'yes',
        detail:
          'it starts as root, and becomes ann with CAP_BPF, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_NET_ADMIN',
      },
    },
    {
      topic: 'rights',
      when: 'root that may become nobody',
      changes: { capabilities: without(6, 7, 23) },
      row: {
        state: 'partly',
        detail: 'it stays root without CAP_SETUID and CAP_SETGID, but with CAP_BPF alone',
        remedy: 'give them to the container: --cap-add SETUID --cap-add SETGID',
      },
    },
    {
      topic: 'rights',
      when: 'root that is kept',
      changes: { keepRoot: true, becomes: null },
      row: { state: 'yes', detail: 'it stays root, with all its rights (--keep-root)' },
    },
    {
      topic: 'rights',
      when: 'an ordinary user',
      changes: { root: false, becomes: null, capabilities: (1n << 39n) | (1n << 38n) },
      row: { state: 'yes', detail: 'it runs with CAP_BPF, CAP_PERFMON, as it is started' },
    },
    {
      topic: 'CAP_SYS_ADMIN',
      when: 'missing in compatible mode',
      changes: { capabilities: without(21), plan: COMPAT },
      row: { state: 'partly' },
    },
    {
      topic: 'CAP_SYS_PTRACE',
      when: 'missing in compatible mode',
      changes: { capabilities: without(19), plan: COMPAT },
      row: { state: 'partly' },
    },
    { topic: 'CAP_SYS_ADMIN', when: 'not needed', changes: { capabilities: without(21) }, row: { state: 'yes' } },
    { topic: 'CAP_SYS_PTRACE', when: 'not needed', changes: { capabilities: without(19) }, row: { state: 'yes' } },
    {
      topic: 'CAP_DAC_READ_SEARCH',
      when: 'missing while no connections are told',
      changes: {
        root: false,
        capabilities: without(2),
        plan: NOTHING,
      },
      row: { state: 'partly', remedy: 'run it as root: sudo ebpf-top' },
    },
    {
      topic: 'CAP_DAC_READ_SEARCH',
      when: 'not needed',
      changes: { root: false, capabilities: without(2) },
      row: { state: 'yes' },
    },
    { topic: 'CAP_SYS_RESOURCE', when: 'not needed', changes: { capabilities: without(24) }, row: { state: 'yes' } },
    {
      topic: 'CAP_SYS_RESOURCE',
      when: 'missing while the limit is too low',
      changes: { kernel: '5.10.0-32', capabilities: without(24), lockedMemory: 65536, memorySuffices: false },
      row: { state: 'partly', remedy: 'give them to the container: --cap-add SYS_RESOURCE' },
    },
    {
      topic: 'type information',
      when: 'absent',
      changes: { btf: 'absent' },
      row: { state: 'partly', remedy: 'give a BTF file of exactly this kernel: ebpf-top --btf FILE' },
    },
    {
      topic: 'type information',
      when: 'not readable',
      changes: { btf: 'denied' },
      row: { state: 'partly', remedy: 'chmod a+r /sys/kernel/btf/vmlinux' },
    },
    {
      topic: 'type information',
      when: 'from a file',
      changes: { btf: 'absent', btfFile: '/tmp/x.btf' },
      row: { state: 'yes', detail: 'from /tmp/x.btf' },
    },
    { topic: 'lockdown', when: 'integrity', changes: { lockdown: 'integrity' }, row: { state: 'yes' } },
    {
      topic: 'lockdown',
      when: 'confidentiality',
      changes: { lockdown: 'confidentiality' },
      row: { state: 'no', remedy: 'boot with lockdown=integrity' },
    },
    { topic: 'lockdown', when: 'not to be told', changes: { lockdown: null }, row: { state: 'yes' } },
    { topic: 'tracefs', when: 'not mounted', changes: { tracefs: null }, row: { state: 'yes' } },
    {
      topic: 'tracefs',
      when: 'neither mounted nor to be had',
      changes: { tracefs: null, tracefsOwn: 'tracefs is not mounted, and fsopen failed: EPERM' },
      row: { state: 'partly', remedy: 'mount -t tracefs tracefs /sys/kernel/tracing' },
    },
    {
      topic: 'bpffs',
      when: 'not mounted',
      changes: { bpffs: false },
      row: { state: 'yes', detail: 'not mounted (not needed: nothing is pinned)' },
    },
    {
      topic: 'JIT',
      when: 'off',
      changes: { jit: 0 },
      row: { state: 'partly', remedy: 'sysctl net.core.bpf_jit_enable=1' },
    },
    { topic: 'JIT', when: 'always on', changes: { jit: null }, row: { state: 'yes', detail: 'always on' } },
    {
      topic: 'unprivileged BPF',
      when: 'allowed',
      changes: { unprivilegedBpf: 0 },
      row: { state: 'yes', detail: 'allowed, but not for tracing (kernel.unprivileged_bpf_disabled=0)' },
    },
    {
      topic: 'seccomp',
      when: 'a harmless filter',
      changes: { seccomp: 2 },
      row: { state: 'yes', detail: 'a filter is in force' },
    },
    {
      topic: 'seccomp',
      when: 'a filter that stops bpf',
      changes: { seccomp: 2, plan: NOTHING },
      row: { state: 'no', remedy: 'allow bpf and perf_event_open: --security-opt seccomp=unconfined' },
    },
    {
      topic: 'process ids',
      when: 'of a container',
      changes: { hostPids: false },
      row: { state: 'partly', remedy: 'start the container with --pid=host' },
    },
    {
      topic: 'locked memory',
      when: 'too little and not to be lifted',
      changes: { kernel: '5.10.0', lockedMemory: 65536, memorySuffices: false, capabilities: without(24) },
      row: { state: 'partly', detail: 'limit 64 KiB, which is too low before 5.11', remedy: 'ulimit -l unlimited' },
    },
    {
      topic: 'locked memory',
      when: 'little, and not the reason why nothing works',
      changes: { kernel: '6.18.44', lockedMemory: 65536, memorySuffices: false, capabilities: without(24) },
      row: { state: 'yes', detail: 'limit 64 KiB, which BPF maps do not count against since 5.11' },
    },
    {
      topic: 'locked memory',
      when: 'little, but enough',
      changes: { lockedMemory: 65536 },
      row: { state: 'yes', detail: 'limit 64 KiB, which is enough' },
    },
    {
      topic: 'locked memory',
      when: 'little, but lifted',
      changes: { lockedMemory: 65536, memorySuffices: false },
      row: { state: 'yes', detail: 'limit 64 KiB, which is lifted' },
    },
    { topic: 'kprobes', when: 'none', changes: { kprobes: false }, row: { state: 'yes' } },
  ])('on $topic: $when', ({ topic, changes, row }) => {
    expect(rowOf(topic, changes)).toMatchObject(row)
  })

  test('says how each need is met, by the best way, a lesser one, or none', () => {
    const noBtf = verdicts(ways.filter(way => !way.compat).map(nameOf))
    expect(rowOf('system calls and their durations', {})).toMatchObject({ state: 'yes', detail: 'by tp_btf' })
    expect(rowOf('system calls and their durations', { verdicts: noBtf })).toMatchObject({
      state: 'partly',
      detail: 'by raw_tp',
    })
    const none = diagnose(factsOf({ verdicts: verdicts(ways.map(nameOf)) }))
    expect(none.able).toBe(false)
    expect(none.rows.find(row => row.topic === 'system calls and their durations')).toMatchObject({
      state: 'no',
      detail: REFUSED.reason,
    })
  })

  test('says what a way leaves out, and which right keeps it from a better one', () => {
    const flaw = 'this kernel preempts programs, and tracefs is closed to this user'
    const flawed = verdicts().set('syscalls tp_btf', { works: true, flaw })
    const user = { verdicts: flawed, root: false, capabilities: without(2) }
    expect(rowOf('system calls and their durations', user)).toEqual({
      topic: 'system calls and their durations',
      state: 'partly',
      detail: `by tp_btf; ${flaw}`,
      remedy: 'run it as root: sudo ebpf-top',
    })
    expect(rowOf('CAP_DAC_READ_SEARCH', user)).toMatchObject({ state: 'partly' })
    expect(rowOf('CAP_DAC_READ_SEARCH', { capabilities: without(2) })).toMatchObject({ state: 'yes' })
  })

  test('names each hook that does not work, why, and the file with the log', () => {
    const reason = "this kernel's verifier refuses bytes.bpf.o: R1 is bad"
    const tried = verdicts().set('bytes tp_btf:sock_send_length', { works: false, reason })
    const row = rowOf('bytes by tp_btf:sock_send_length', { verdicts: tried, verifierLog: '/tmp/v.log' })
    expect(row).toMatchObject({ state: 'no' })
    expect(row?.detail).toContain(reason)
    expect(row?.detail).toContain('/tmp/v.log')
    expect(rowOf('bytes by kprobe:inet_sendmsg', {})).toMatchObject({ state: 'yes', detail: 'works, not needed' })
  })

  test('is able where connections are missing their hook, unable without system calls', () => {
    const noHook = ['connections tp_btf', 'connections tp:inet_sock_set_state']
    expect(diagnose(factsOf({ verdicts: verdicts(noHook) })).able).toBe(true)
    expect(diagnose(factsOf({ plan: null })).able).toBe(false)
  })

  test('prints the verdict first, and each thing to do once', () => {
    const text = format(diagnose(factsOf({ jit: 0 })))
    expect(text).toMatch(/^ebpf-top can run here\n {2}-> sysctl net.core.bpf_jit_enable=1 {2}\(JIT\)\n\n/)
    expect(text.match(/->/g)).toHaveLength(1)
    const compat = format(diagnose(factsOf({ plan: COMPAT, root: false, capabilities: without(19, 21) | (3n << 38n) })))
    expect(compat).toContain('-> run it as root: sudo ebpf-top  (CAP_SYS_ADMIN, CAP_SYS_PTRACE)\n')
    expect(compat.match(/->/g)).toHaveLength(1)
  })

  test('says that nothing was tried where that is not permitted, and what to do once', () => {
    const refused = {
      root: false,
      becomes: null,
      capabilities: 0n,
      plan: null,
      verdicts: new Map(),
      lockedMemory: 65536,
    }
    const diagnosis = diagnose(factsOf({ ...refused, memorySuffices: false }))
    expect(diagnosis.able).toBe(false)
    expect(diagnosis.rows.filter(row => row.state !== 'yes').map(row => row.topic)).toEqual(['permission', 'measuring'])
    expect(format(diagnosis).match(/->/g)).toHaveLength(1)
  })
})

describe('capabilities', () => {
  test('are read from /proc/PID/status', () => {
    expect(effectiveSet('Name:\tx\nCapEff:\t000000c000000000\nSeccomp:\t0\n')).toBe(0xc000000000n)
    expect(effectiveSet('')).toBe(0n)
  })

  test('CAP_SYS_ADMIN stands for those that are newer', () => {
    expect(lacking(1n << 21n)).toEqual([])
    expect(lacking(0n)).toEqual(['CAP_BPF', 'CAP_PERFMON'])
  })
})
