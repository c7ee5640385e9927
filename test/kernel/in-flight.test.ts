import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { InFlightRow } from '../../src/tracers/in-flight/row.ts'
import { isStuck, STUCK_NS } from '../../src/tracers/in-flight/stuck.ts'
import { InFlightWalks, type Walk } from '../support/in-flight.ts'
import { Workload } from '../support/workload.ts'

/** A call as its row tells it. */
type Call = Pick<InFlightRow, 'syscall' | 'abi' | 'thread_state' | 'idle' | 'argument'>

const PIPE = expect.stringMatching(/^pipe:\[\d+\]$/)
const SOCKET = expect.stringMatching(/^socket:\[\d+\]$/)
const ADDRESS = expect.stringMatching(/^0x[0-9a-f]+$/)
const NUMBER = expect.stringMatching(/^\d+$/)

function call(syscall: string, argument: unknown, more: Partial<Call> = {}): object {
  return { syscall, abi: 'native', thread_state: 'sleeping', idle: false, argument, ...more }
}

const IDLE = { idle: true }

/** What test/workloads/in_flight.c hangs in; `folder`: where it was started. */
function hanging(folder: string): Readonly<Record<string, object>> {
  return {
    'read-pipe': call('read', PIPE),
    'write-pipe': call('write', PIPE),
    'read-tty': call('read', expect.stringMatching(/^\/dev\/pts\/\d+$/), IDLE),
    'open-fifo': call('openat', 'AT_FDCWD'),
    'read-fifo': call('read', join(folder, 'fifo')),
    'read-deleted': call('read', `${join(folder, 'gone')} (deleted)`),
    'tcp-receive': call('recvfrom', expect.stringMatching(/^socket:127\.0\.0\.1:\d+→127\.0\.0\.1:\d+$/)),
    'tcp-accept': call('accept', expect.stringMatching(/^socket:127\.0\.0\.1:\d+$/), IDLE),
    'tcp-connect': call('connect', expect.stringMatching(/^socket:127\.0\.0\.1:\d+→127\.0\.0\.1:\d+$/)),
    'udp-receive': call('recvfrom', expect.stringMatching(/^socket:\[::1\]:\d+$/)),
    'unix-receive': call('recvmsg', SOCKET),
    flock: call('flock', join(folder, 'lock')),
    fcntl: call('fcntl', join(folder, 'record')),
    futex: call('futex', ADDRESS, IDLE),
    nanosleep: call('nanosleep', ADDRESS, IDLE),
    clock_nanosleep: call('clock_nanosleep', '1', IDLE),
    poll: call('ppoll', '0', IDLE),
    select: call('pselect6', '3', IDLE),
    epoll: call('epoll_pwait', 'anon_inode:[eventpoll]', IDLE),
    wait4: call('wait4', NUMBER, IDLE),
    waitid: call('waitid', '1', IDLE),
    sigsuspend: call('rt_sigsuspend', ADDRESS, IDLE),
    sigtimedwait: call('rt_sigtimedwait', ADDRESS, IDLE),
    aio: call('io_getevents', ADDRESS, IDLE),
    msgrcv: call('msgrcv', NUMBER, IDLE),
    semop: call(process.arch === 'x64' ? 'semop' : 'semtimedop', NUMBER),
    splice: call('splice', PIPE),
    eventfd: call('read', 'anon_inode:[eventfd]', IDLE),
    timerfd: call('read', 'anon_inode:[timerfd]', IDLE),
    signalfd: call('read', 'anon_inode:[signalfd]', IDLE),
    inotify: call('read', 'anon_inode:inotify', IDLE),
    'fault-in-call': call('read', PIPE, { thread_state: expect.stringMatching(/^(sleeping|uninterruptible)$/) }),
    vfork: call(process.arch === 'x64' ? 'vfork' : 'clone', process.arch === 'x64' ? null : NUMBER, {
      thread_state: 'uninterruptible',
    }),
    'pause-32': call('pause', null, { abi: 'compat', ...IDLE }),
  }
}

/** They are in no call, whatever they were in before. */
const OUTSIDE = ['fault', 'spin'] as const

interface Hanging {
  readonly kind: string
  readonly tid: number
  /** Right before its call. */
  readonly beforeNs: number
}

/** The workload with a thread for each kind, which is let go on when it is asked for. */
async function start(kinds: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-in-flight-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const workload = await Workload.startIn(folder, 'in_flight', ...kinds)
  onTestFinished(() => workload.kill())
  const hang = async (): Promise<Hanging[]> => {
    const told = await workload.work()
    // its first thread waits again
    while (stateOf(workload.pid, workload.pid) !== 'S') await setTimeout(1)
    const all = kinds.map((kind, i) => ({ kind, tid: told[2 * i] ?? 0, beforeNs: told[2 * i + 1] ?? 0 }))
    // a kind that there is not here
    return all.filter(({ tid }) => tid > 0)
  }
  return { pid: workload.pid, folder, hang, workload }
}

function byThread(rows: readonly InFlightRow[], pid: number): Map<number, InFlightRow> {
  const own = rows.filter(row => row.pid === pid)
  const found = new Map(own.map(row => [row.tid, row]))
  expect(found.size).toBe(own.length)
  return found
}

/** The rows of the kinds are what they must be, and there are no others. */
function expectAll(rows: readonly InFlightRow[], pid: number, folder: string, all: readonly Hanging[]): void {
  const found = byThread(rows, pid)
  const expected = hanging(folder)
  const threads = all.filter(({ kind }) => kind in expected)
  // the first thread waits for its test
  expect(found.get(pid)).toMatchObject({
    syscall: 'read',
    argument: SOCKET,
    name: 'in_flight',
    thread_name: 'in_flight',
  })
  for (const { kind, tid } of threads) {
    const row = found.get(tid)
    expect({ kind, ...row }).toMatchObject({
      kind,
      pid,
      name: 'in_flight',
      thread_name: kind.slice(0, 15),
      ...expected[kind],
    })
  }
  expect([...found.keys()].toSorted()).toEqual([pid, ...threads.map(({ tid }) => tid)].toSorted())
}

describe.each([
  { mode: 'with the best means', compat: false },
  { mode: 'in compatible mode', compat: true },
])('calls in flight $mode', ({ compat }) => {
  test('tells every thread that hangs in a call, since when and in what, and none that is in no call', async () => {
    const kinds = [...Object.keys(hanging('')), ...OUTSIDE]
    const { pid, folder, hang } = await start(kinds)
    const walks = await InFlightWalks.open(compat)
    const threads = await hang()
    const afterNs = Number(process.hrtime.bigint())
    for (let times = 0; times < 2; times++) {
      const { rows, beganNs, endedNs } = await walks.walk()
      expectAll(rows, pid, folder, threads)
      const found = byThread(rows, pid)
      for (const { tid, kind, beforeNs } of threads) {
        const row = found.get(tid)
        if (row === undefined) continue
        expect(row, kind).toMatchObject({ duration_is_minimum: false, started_ns: expect.any(Number) })
        expect(row.duration_ns, kind).toBeLessThan(endedNs - beforeNs)
        expect(row.duration_ns, kind).toBeGreaterThan(beganNs - afterNs)
      }
    }
  })

  test('a call that is older than the tool has a minimum, which counts from the begin of watching', async () => {
    const { pid, folder, hang } = await start([...Object.keys(hanging('')), ...OUTSIDE])
    const threads = await hang()
    const beforeNs = Number(process.hrtime.bigint())
    const walks = await InFlightWalks.open(compat)
    const { rows, beganNs, endedNs } = await walks.walk()
    expectAll(rows, pid, folder, threads)
    for (const row of byThread(rows, pid).values()) {
      expect(row).toMatchObject({ duration_is_minimum: true, started_ns: null })
      expect(row.duration_ns).toBeLessThan(endedNs - beforeNs)
      expect(row.duration_ns).toBeGreaterThanOrEqual(beganNs - walks.watchesSinceNs)
    }
  })

  test('under another filter what began before has a minimum, what begins after is exact, others have no row', async () => {
    const one = await start(['read-pipe', 'futex'])
    const other = await start(['read-pipe', 'epoll'])
    const walks = await InFlightWalks.open(compat)
    const threads = await one.hang()
    await walks.setFilter([one.pid, other.pid])
    const changedNs = Number(process.hrtime.bigint())
    const others = await other.hang()
    const { rows, beganNs, endedNs } = await walks.walk()
    expectAll(rows, one.pid, one.folder, threads)
    expectAll(rows, other.pid, other.folder, others)
    expect(new Set(rows.map(row => row.pid))).toEqual(new Set([one.pid, other.pid]))
    for (const { tid, beforeNs } of threads) {
      const row = byThread(rows, one.pid).get(tid)
      expect(row).toMatchObject({ duration_is_minimum: true, started_ns: null })
      expect(row?.duration_ns).toBeLessThan(endedNs - beforeNs)
      expect(row?.duration_ns).toBeGreaterThanOrEqual(beganNs - changedNs)
    }
    for (const { tid } of others) expect(byThread(rows, other.pid).get(tid)?.duration_is_minimum).toBe(false)
    await walks.setFilter([other.pid])
    const { rows: fewer } = await walks.walk()
    expect(new Set(fewer.map(row => row.pid))).toEqual(new Set([other.pid]))
  })

  test('a call that goes on after the process was stopped keeps its begin', async () => {
    const kinds = ['read-pipe', 'nanosleep', 'flock', 'futex', 'poll', 'wait4', 'tcp-accept', 'waitid']
    const { pid, folder, hang } = await start(kinds)
    const walks = await InFlightWalks.open(compat)
    const threads = await hang()
    const begins = (rows: readonly InFlightRow[]) =>
      threads.map(({ tid }) => {
        const row = byThread(rows, pid).get(tid)
        return [row?.syscall, row?.duration_is_minimum, row && Math.round((row.started_ns ?? 0) / 1e6)]
      })
    const before = await walks.walk()
    process.kill(pid, 'SIGSTOP')
    await untilState(pid, 'T')
    const stopped = await walks.walk()
    expect(threads.map(({ tid }) => byThread(stopped.rows, pid).get(tid)?.thread_state)).toEqual(
      kinds.map(() => 'stopped'),
    )
    process.kill(pid, 'SIGCONT')
    await untilState(pid, 'S')
    const after = await walks.walk()
    expectAll(after.rows, pid, folder, threads)
    for (const { rows } of [stopped, after]) expect(begins(rows)).toEqual(begins(before.rows))
  })

  test('one that is older than the tool, and stopped, has a minimum', async () => {
    const { pid, hang } = await start(['read-pipe', 'nanosleep', 'flock', 'fault', 'spin'])
    const threads = await hang()
    const walks = await InFlightWalks.open(compat)
    process.kill(pid, 'SIGSTOP')
    await untilState(pid, 'T')
    const rows = byThread((await walks.walk()).rows, pid)
    process.kill(pid, 'SIGCONT')
    const told = threads.map(({ tid }) => rows.get(tid)).filter(row => row !== undefined)
    expect(told.map(row => row.syscall)).toEqual(['read', 'nanosleep', 'flock'])
    for (const row of told) expect(row).toMatchObject({ thread_state: 'stopped', duration_is_minimum: true })
  })

  test.each([
    ['notified', 'sleeping'],
    ['traced', 'traced'],
  ])('a call that another process has to let in counts from when it was found (%s)', async (kind, state) => {
    const { hang } = await start([kind])
    const walks = await InFlightWalks.open(compat)
    const [held] = await hang()
    const first = await walks.walk()
    const second = await walks.walk()
    const of = ({ rows }: Walk) => rows.find(row => row.tid === held?.tid)
    const expected = { syscall: 'getppid', thread_state: state, duration_is_minimum: true, argument: null, idle: false }
    expect(of(first)).toMatchObject({ ...expected, duration_ns: 0 })
    expect(of(second)).toMatchObject(expected)
    expect(of(second)?.duration_ns).toBeGreaterThanOrEqual(second.beganNs - first.endedNs)
    expect(of(second)?.duration_ns).toBeLessThan(second.endedNs - first.beganNs)
  })

  test('each of many threads has one row', async () => {
    const { pid, hang } = await start(Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? 'nanosleep' : 'poll')))
    const walks = await InFlightWalks.open(compat)
    const threads = await hang()
    const { rows } = await walks.walk()
    const found = byThread(rows, pid)
    expect([...found.keys()].toSorted()).toEqual([pid, ...threads.map(({ tid }) => tid)].toSorted())
    expect(walks.tracer.notes()).toEqual([])
    const wrong = threads.filter(({ tid, kind }) => {
      const row = found.get(tid)
      return row?.syscall !== (kind === 'nanosleep' ? 'nanosleep' : 'ppoll') || row.duration_is_minimum
    })
    expect(wrong).toEqual([])
  })

  test('threads that come and go are never told under a wrong process', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'ebpf-top-churning-')), 'pairs')
    onTestFinished(() => rmSync(dirname(file), { recursive: true }))
    const walks = await InFlightWalks.open(compat)
    const workload = await Workload.start('churning', file)
    onTestFinished(() => workload.kill())
    const told: InFlightRow[] = []
    for (let i = 0; i < 100; i++) {
      const rows = (await walks.walk()).rows.filter(row => row.name === 'churning')
      expect(new Set(rows.map(row => row.tid)).size).toBe(rows.length)
      told.push(...rows)
    }
    const [count = 0] = await workload.work()
    const numbers = new Uint32Array(readFileSync(file).buffer.slice(0, 8 * count))
    const pairs = new Set(Array.from({ length: count }, (_, i) => `${numbers[2 * i]} ${numbers[2 * i + 1]}`))
    expect(told.length).toBeGreaterThan(100)
    expect(told.filter(({ pid, tid }) => !pairs.has(`${pid} ${tid}`))).toEqual([])
  })

  test('where only stuck calls are asked for, those are told that are among all rows, and no others', async () => {
    const { pid, hang } = await start([...Object.keys(hanging('')), ...OUTSIDE])
    const walks = await InFlightWalks.open(compat)
    await hang()
    await setTimeout(STUCK_NS / 1e6 + 100)
    const all = byThread((await walks.walk()).rows.filter(isStuck), pid)
    walks.tracer.want('part')
    const { rows, stuck } = await walks.walk()
    expect(rows).toEqual([])
    expect([...byThread(stuck, pid).keys()].toSorted()).toEqual([...all.keys()].toSorted())
    expect(all.size).toBeGreaterThan(10)
  })

  test('while nobody asks nothing is walked', async () => {
    const walks = await InFlightWalks.open(compat)
    walks.tracer.want('nothing')
    expect((await walks.walk()).rows).toEqual([])
  })
})

/** Of a thread, as /proc names it. */
function stateOf(pid: number, tid: number | string): string {
  const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')
  return stat.charAt(stat.lastIndexOf(')') + 2)
}

/** Waits until all threads of a process are in a state. */
async function untilState(pid: number, state: string): Promise<void> {
  while (!readdirSync(`/proc/${pid}/task`).every(tid => stateOf(pid, tid) === state)) await setTimeout(5)
}
