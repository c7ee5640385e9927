/** What the program and its children hold once they are at work, started as root. */

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { saveVerifierLog } from '../../src/bpf/verifier.ts'
import { type Capability, setOf } from '../../src/rights/capabilities.ts'
import { afterMounting, outcomeBelow, sampleBelow } from '../support/below.ts'
import { isCompat, lost, OBJECTS, sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

const NOBODY = 65534
const ONCE = ['--once', '--output', 'json']
const KEPT: readonly Capability[] = isCompat
  ? ['CAP_BPF', 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH', 'CAP_NET_ADMIN']
  : ['CAP_BPF']

/** Of /proc/PID/status. */
function rightsOf(pid: number, thread = pid) {
  const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')
  const field = (name: string): string => new RegExp(`^${name}:[\\t ]*(.*?)[\\t ]*$`, 'm').exec(status)?.[1] ?? ''
  const set = (name: string): bigint => BigInt(`0x${field(name)}`)
  return {
    uids: field('Uid').split('\t').map(Number),
    gids: field('Gid').split('\t').map(Number),
    groups: field('Groups'),
    permitted: set('CapPrm'),
    effective: set('CapEff'),
    inheritable: set('CapInh'),
    ambient: set('CapAmb'),
    bounding: set('CapBnd'),
    gainsNothing: field('NoNewPrivs') === '1',
  }
}

function children(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

/** This kernel has CAP_BPF; before 5.8 CAP_SYS_ADMIN stands for it. */
const kept = setOf(KEPT) & rightsOf(process.pid).permitted

async function start(...flags: readonly string[]): Promise<Top> {
  const top = await Top.start('--delay', 0.2, ...flags)
  onTestFinished(() => top.stop().catch(() => {}))
  return top
}

const as = (uid: number, gid: number, set: bigint) => ({
  uids: Array(4).fill(uid),
  gids: Array(4).fill(gid),
  groups: '',
  permitted: set,
  effective: set,
  inheritable: 0n,
  ambient: 0n,
  gainsNothing: true,
})

describe('started as root', () => {
  test('it is nobody, with what its plan needs and no more, in all threads', async () => {
    const top = await start()
    expect(rightsOf(top.pid)).toEqual({ ...as(NOBODY, NOBODY, kept), bounding: kept })
    for (const thread of readdirSync(`/proc/${top.pid}/task`).map(Number)) {
      const { permitted, bounding: _, ...rest } = rightsOf(top.pid, thread)
      // what was begun before has nothing
      expect([0n, kept]).toContain(permitted)
      expect(rest).toMatchObject({ uids: Array(4).fill(NOBODY), ambient: 0n, gainsNothing: true })
    }
  })

  test('its children hold nothing, but for those that enter network namespaces', async () => {
    const top = await start()
    const seen = new Map<string, Set<bigint>>()
    for (let i = 0; i < 200; i++) {
      for (const pid of children(top.pid)) {
        try {
          const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
          const { permitted, effective, uids, gainsNothing } = rightsOf(pid)
          // until it has started its program it is the program itself
          if (!['facts', 'diag', 'cat'].includes(name)) continue
          expect({ uids, gainsNothing, effective }).toEqual({
            uids: Array(4).fill(NOBODY),
            gainsNothing: true,
            effective: permitted,
          })
          seen.set(name, (seen.get(name) ?? new Set()).add(permitted))
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')))
            throw error
        }
      }
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect([...(seen.get('facts') ?? [])]).toEqual([0n])
    for (const [name, sets] of seen) {
      for (const set of sets) expect([0n, ...(name === 'diag' ? [setOf(['CAP_SYS_ADMIN'])] : [])]).toContain(set)
    }
  })

  test('it is the user who called sudo, who may have no entry, and whom --user names', () => {
    const uidOf = (flags: readonly string[], ...environment: readonly string[]) => {
      const script = `env "$@" > /dev/null & pid=$!
        until grep -q 'NoNewPrivs:.1' /proc/$pid/status; do sleep 0.1; done
        cat /proc/$pid/status; kill $pid; wait $pid; exit 0`
      const command = [...environment, process.execPath, join(OBJECTS, 'cli.js'), '--output', 'json', ...flags]
      const { stdout } = spawnSync('sh', ['-c', script, 'sh', ...command], { encoding: 'utf8' })
      return /^Uid:\s*(\d+).*\nGid:\s*(\d+)/m.exec(stdout)?.slice(1).map(Number)
    }
    expect(uidOf([], 'SUDO_UID=4711', 'SUDO_GID=4712')).toEqual([4711, 4712])
    expect(uidOf([], 'SUDO_UID=0', 'SUDO_GID=0')).toEqual([NOBODY, NOBODY])
    expect(uidOf([], 'SUDO_UID=garbage', 'SUDO_GID=4712')).toEqual([NOBODY, NOBODY])
    expect(uidOf(['--user', 'daemon'], 'SUDO_UID=4711', 'SUDO_GID=4712')).toEqual([1, 1])
    expect(uidOf(['--user', '4713'])).toEqual([4713, NOBODY])
  })

  test('--keep-root keeps all, and says so', async () => {
    const top = await start('--keep-root')
    const own = rightsOf(process.pid)
    expect(rightsOf(top.pid)).toEqual(own)
    for (const pid of children(top.pid)) expect(rightsOf(pid)).toEqual(own)
    const { status, stderr } = outcomeBelow([], '--keep-root', ...ONCE)
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'ebpf-top: it keeps all rights of root (--keep-root)\n' })
  })

  test('it counts the same as with all rights', async () => {
    const workload = await Workload.start('calls', 4, 5000, 300, 0, 0)
    onTestFinished(() => workload.kill())
    const tops = await Promise.all([
      start('-p', String(workload.pid)),
      start('--keep-root', '-p', String(workload.pid)),
    ])
    await workload.work()
    const counts = await Promise.all(
      tops.map(async top => {
        await top.fresh()
        expect(lost(top.samples, 'syscalls')).toBe(0)
        const rows = top.samples.flatMap(sample => sample.syscalls)
        return ['getppid', 'close'].map(name =>
          sum(
            rows.filter(row => row.syscall === name),
            row => row.count,
          ),
        )
      }),
    )
    expect(counts[0]).toEqual(counts[1])
    expect(counts[0]?.[0]).toBe(20_000)
  })

  test('files that it writes are the user’s', () => {
    const file = saveVerifierLog(['libbpf: -- BEGIN PROG LOAD LOG --'], { uid: NOBODY, gid: NOBODY }) ?? ''
    onTestFinished(() => rmSync(dirname(file), { recursive: true }))
    for (const path of [file, dirname(file)]) expect(statSync(path)).toMatchObject({ uid: NOBODY, gid: NOBODY })
  })
})

describe('where not all can be as it should', () => {
  test('a program in a folder that only root may enter works all the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rights-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const dist = join(folder, 'dist')
    cpSync(OBJECTS, dist, { recursive: true })
    for (const helper of ['facts', 'diag', 'keeper']) chmodSync(join(dist, helper), 0o700)
    symlinkSync(join(OBJECTS, '../node_modules'), join(folder, 'node_modules'))
    const top = await Top.startIn(dist, '-d', 0.2)
    const sample = await top.fresh()
    expect(sample.notes).toEqual([])
    expect(rightsOf(top.pid).uids).toEqual(Array(4).fill(NOBODY))
    await top.stop()
  })

  test('it keeps CAP_SYS_PTRACE where /proc hides processes, and tells of them', async () => {
    // one that has a socket is in a row though it rests
    const resting = await Workload.start('hostile', 'sockets', 1)
    onTestFinished(() => resting.kill())
    const hidden = afterMounting('mount -t proc -o hidepid=2 proc /proc')
    const { status, stderr } = outcomeBelow(hidden, ...ONCE)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const row = sampleBelow(hidden).processes.find(({ pid }) => pid === resting.pid)
    expect(row?.command).toContain('hostile sockets 1')
    const { status: cannot, stdout } = outcomeBelow(hidden, '--doctor')
    expect(cannot).toBe(0)
    expect(stdout).toMatch(/^yes +rights .* becomes nobody with CAP_BPF, CAP_SYS_PTRACE/m)
  })

  test.each(['-setuid', '-setgid', '-setuid,-setgid,-setpcap'])(
    'it stays root with a bounding set of %s, with what it needs and no more, and says so',
    set => {
      const limited = ['setpriv', `--bounding-set=${set}`]
      const { status, stderr } = outcomeBelow(limited, ...ONCE)
      expect(status).toBe(0)
      expect(stderr).toBe('ebpf-top: it stays root, for it cannot become nobody (EPERM), with CAP_BPF alone\n')
      const asked = outcomeBelow(limited, '--user', 'daemon', ...ONCE)
      expect(asked).toEqual({
        status: 3,
        stdout: '',
        stderr: 'ebpf-top: cannot become daemon: EPERM\n  leave --user out; it takes CAP_SETUID and CAP_SETGID\n',
      })
    },
  )

  test('it does without CAP_SETPCAP, and gains nothing all the same', () => {
    const { status, stderr } = outcomeBelow(['setpriv', '--bounding-set=-setpcap'], ...ONCE)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('it keeps no more than it was started with', () => {
    const few = ['setpriv', '--bounding-set=-all,+bpf,+perfmon,+setuid,+setgid']
    expect(outcomeBelow(few, ...ONCE)).toMatchObject({ status: 0, stderr: '' })
  })

  test.each([
    [['--user', 'no-such-user'], 2, '--user: "no-such-user" is no user, or one with the rights of root'],
    [['--user', 'root'], 2, '--user: "root" is no user, or one with the rights of root'],
    [['--user', '0'], 2, '--user: "0" is no user, or one with the rights of root'],
  ])('%s is refused', (flags, wanted, what) => {
    const { status, stdout, stderr } = outcomeBelow([], ...flags, '--once')
    expect({ status, stdout }).toEqual({ status: wanted, stdout: '' })
    expect(stderr.split('\n')).toEqual([`ebpf-top: ${what}`, expect.stringMatching(/^ {2}see getent passwd/), ''])
  })

  test('a user namespace is said to be one', () => {
    const { status, stdout, stderr } = outcomeBelow(['unshare', '--user', '--map-root-user'], '--once')
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(stderr).toMatch(/^ebpf-top: no permission: this is a user namespace.*\n {2}run it as root of the host.*\n$/)
  })
})
