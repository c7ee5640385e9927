/** From what the tracers read to the rows of a sample: joins, adds up, names. Values in, values out. */

import { errnoName } from '../syscall/errno.ts'
import { type Abi, syscallName } from '../syscall/names.ts'
import type { ConnectionRecord } from '../tracers/connections.ts'
import type { Losses } from '../tracers/loss.ts'
import type { Moved, ProcessRecord } from '../tracers/processes.ts'
import type { SlowCallRecord } from '../tracers/slow-calls.ts'
import type { CallRecord } from '../tracers/syscalls.ts'
import type { Facts } from './facts.ts'
import { HistogramSum, summarize, total } from './histogram.ts'
import type {
  CallRow,
  ConnectionRow,
  ListenerRow,
  LossRow,
  ProcessRow,
  SlowCallRow,
  SyscallRow,
  Traffic,
  Transport,
} from './sample.ts'
import { FILE_PORTION, PORTION } from './slices.ts'
import { connectionRows, listenerRows } from './sockets.ts'

/** What the tracers saw in one interval. */
export interface Records {
  readonly processes: readonly ProcessRecord[]
  readonly calls: readonly CallRecord[]
  readonly slow: readonly SlowCallRecord[]
  readonly open: readonly ConnectionRecord[]
  readonly closed: readonly ConnectionRecord[]
}

export interface Rows {
  readonly syscalls: readonly SyscallRow[]
  readonly processes: readonly ProcessRow[]
  readonly connections: readonly ConnectionRow[]
  readonly listeners: readonly ListenerRow[]
  readonly slow_calls: readonly SlowCallRow[]
  readonly calls: readonly CallRow[]
}

export interface Surroundings {
  readonly arch: 'x64' | 'arm64'
  /** Only rows of these processes; empty: of all. */
  readonly pids: readonly number[]
  /** End of the interval on the monotonic clock. */
  readonly endedNs: number
  /** Unix time at which `nowNs` is read on the monotonic clock, in nanoseconds. */
  readonly unixNs: number
  readonly nowNs: number
  /** Inode of the network namespace that is not marked as another one. */
  readonly namespace: number
  factsOf(pid: number, startedNs: number, name: string): Facts
}

/** Yields now and then, where it can be laid aside. */
export function* assemble(records: Records, surroundings: Surroundings): Generator<void, Rows> {
  const wanted = selector(surroundings.pids)
  const sockets = (yield* connectionRows(records, surroundings)).filter(row => wanted(row.pid))
  const calls = (yield* callRows(records, surroundings.arch)).filter(row => wanted(row.pid))
  const processes = (yield* processRows(records, calls, sockets, surroundings)).filter(row => wanted(row.pid))
  const containers = new Map<number | null, string | null>(processes.map(row => [row.pid, row.container]))
  // there may be many of them: not one more copy of each
  for (const row of sockets) row.container = containers.get(row.pid) ?? null
  return {
    syscalls: yield* syscallRows(calls),
    processes,
    connections: sockets,
    listeners: listenerRows(records, surroundings).filter(row => wanted(row.pid)),
    slow_calls: slowCallRows(records.slow, surroundings).filter(row => wanted(row.pid)),
    calls,
  }
}

function selector(pids: readonly number[]): (pid: number | null) => boolean {
  if (pids.length === 0) return () => true
  const set = new Set<number | null>(pids)
  return pid => set.has(pid)
}

function* callRows(records: Records, arch: 'x64' | 'arm64'): Generator<void, CallRow[]> {
  const rows: CallRow[] = []
  for (const call of records.calls) {
    if (rows.length % PORTION === 0) yield
    const process = records.processes[call.process]
    if (process === undefined) continue
    rows.push({
      pid: process.pid,
      syscall: syscallName(arch, call.abi, call.number),
      id: call.number,
      abi: call.abi,
      errors: call.errors,
      failures: call.errors === 0 ? NO_FAILURES : nameFailures(call),
      durations: call.durations,
    })
  }
  return rows
}

const NO_FAILURES: CallRow['failures'] = []

function nameFailures({ errors, failures }: CallRecord): CallRow['failures'] {
  const named = failures.map(({ errno, count }) => ({ errno: errnoName(errno), count }))
  const rest = failures.reduce((left, { count }) => left - count, errors)
  return rest > 0 ? [...named, { errno: 'OTHER', count: rest }] : named
}

const MAX_ERRNO = 4095

function slowCallRows(records: readonly SlowCallRecord[], { arch, unixNs, nowNs }: Surroundings): SlowCallRow[] {
  return records.map(record => ({
    pid: record.pid,
    tid: record.tid,
    name: record.name,
    syscall: syscallName(arch, record.abi, record.number),
    id: record.number,
    abi: record.abi,
    return: record.result,
    error: record.result < 0 && record.result >= -MAX_ERRNO ? errnoName(-record.result) : null,
    started_ns: unixNs - (nowNs - record.startedNs),
    duration_ns: record.durationNs,
  }))
}

/** Lost events, a row for each kind and reason that lost any. */
export function lossRows(losses: Readonly<Record<LossRow['tracer'], Losses>>): LossRow[] {
  const tracers = ['syscalls', 'connections', 'bytes'] as const
  return tracers.flatMap(tracer =>
    Object.entries(losses[tracer])
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => ({ tracer, reason, count })),
  )
}

/** Sums of calls: errors, and a histogram of durations. */
class CallSum {
  errors = 0
  readonly durations = new HistogramSum()

  add(call: CallRow): void {
    this.errors += call.errors
    this.durations.add(call.durations)
  }
}

function* syscallRows(calls: readonly CallRow[]): Generator<void, SyscallRow[]> {
  const sums = new Map<string, { syscall: string; id: number; abi: Abi; sum: CallSum }>()
  for (const [i, call] of calls.entries()) {
    if (i % PORTION === 0) yield
    const key = `${call.abi}:${call.id}`
    let entry = sums.get(key)
    if (entry === undefined) {
      entry = { syscall: call.syscall, id: call.id, abi: call.abi, sum: new CallSum() }
      sums.set(key, entry)
    }
    entry.sum.add(call)
  }
  return [...sums.values()].map(({ sum, ...call }) => ({
    ...call,
    count: total(sum.durations),
    errors: sum.errors,
    duration_ns: summarize(sum.durations),
  }))
}

const TRANSPORTS: readonly Transport[] = ['tcp', 'udp', 'other']

class TrafficSum {
  sent_bytes = 0
  received_bytes = 0

  add(moved: Moved): void {
    this.sent_bytes += moved.sentBytes
    this.received_bytes += moved.receivedBytes
  }
}

/** A process while its records are added up. */
class ProcessSum {
  name: string
  exited = false
  readonly transports = { tcp: new TrafficSum(), udp: new TrafficSum(), other: new TrafficSum() }
  connections = 0
  readonly calls = new CallSum()
  readonly pid: number
  startedNs: number

  constructor(pid: number, startedNs: number, name: string) {
    this.pid = pid
    this.startedNs = startedNs
    this.name = name
  }

  add(record: ProcessRecord): void {
    // a pid that was used again within the interval is one row: that of its last user
    if (record.startedNs > this.startedNs) {
      this.exited = false
      this.startedNs = record.startedNs
    }
    this.name = record.name
    this.exited ||= record.exited
    for (const transport of TRANSPORTS) this.transports[transport].add(record[transport])
  }
}

function* processRows(
  { processes }: Records,
  calls: readonly CallRow[],
  connections: readonly ConnectionRow[],
  { factsOf }: Surroundings,
): Generator<void, ProcessRow[]> {
  const sums = new Map<number, ProcessSum>()
  const sumOf = (pid: number, startedNs: number, name: string): ProcessSum => {
    let sum = sums.get(pid)
    if (sum === undefined) {
      sum = new ProcessSum(pid, startedNs, name)
      sums.set(pid, sum)
    }
    return sum
  }
  for (const process of processes) sumOf(process.pid, process.startedNs, process.name).add(process)
  for (const [i, call] of calls.entries()) {
    if (i % PORTION === 0) yield
    sums.get(call.pid)?.calls.add(call)
  }
  for (const { pid, name } of connections) if (pid !== null) sumOf(pid, 0, name ?? '').connections++

  const rows: ProcessRow[] = []
  for (const sum of sums.values()) {
    // the facts of a process that is new are read from files
    if (rows.length % FILE_PORTION === 0) yield
    rows.push({
      pid: sum.pid,
      name: sum.name,
      ...factsOf(sum.pid, sum.startedNs, sum.name),
      exited: sum.exited,
      syscalls: total(sum.calls.durations),
      errors: sum.calls.errors,
      duration_ns: summarize(sum.calls.durations),
      ...sumOfTransports(sum.transports),
      transports: sum.transports,
      connections: sum.connections,
    })
  }
  return rows
}

function sumOfTransports(transports: Readonly<Record<Transport, Traffic>>): Traffic {
  return {
    sent_bytes: TRANSPORTS.reduce((sum, transport) => sum + transports[transport].sent_bytes, 0),
    received_bytes: TRANSPORTS.reduce((sum, transport) => sum + transports[transport].received_bytes, 0),
  }
}
