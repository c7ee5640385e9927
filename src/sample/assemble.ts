/** From what the tracers read to the rows of a sample: joins, adds up, names. Values in, values out. */

import { errnoName } from '../syscall/errno.ts'
import { type Abi, type Arch, syscallName } from '../syscall/names.ts'
import type { Losses } from '../tracers/loss.ts'
import type { Moved, ProcessRecord } from '../tracers/processes.ts'
import type { SlowCallRecord } from '../tracers/slow-calls.ts'
import type { ConnectionRecords } from '../tracers/socket-record.ts'
import type { CallRecord, CallRecords } from '../tracers/syscalls.ts'
import { Calls } from './calls.ts'
import type { Group } from './cgroup.ts'
import type { Connection } from './connection.ts'
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
import { listenerRows, readSockets } from './sockets.ts'

/** What the tracers saw in one interval. */
export interface Records {
  readonly processes: readonly ProcessRecord[]
  readonly calls: CallRecords
  readonly slow: readonly SlowCallRecord[]
  readonly open: ConnectionRecords
  readonly closed: ConnectionRecords
}

export interface Rows {
  readonly syscalls: readonly SyscallRow[]
  readonly processes: readonly ProcessRow[]
  readonly connections: readonly ConnectionRow[]
  readonly listeners: readonly ListenerRow[]
  readonly slow_calls: readonly SlowCallRow[]
  readonly calls: Iterable<CallRow>
}

export interface Surroundings {
  readonly arch: Arch
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
  const groups = new Map<number | null, Group>()
  const sockets = yield* readSockets(records, { ...surroundings, groups })
  const connections = filter(sockets.connections, wanted)
  const sums = yield* addUp(records, connections, wanted)
  const processes = yield* processRows(sums.processes, surroundings)
  for (const row of processes) groups.set(row.pid, row)
  return {
    syscalls: syscallRows(sums.syscalls, surroundings.arch),
    processes,
    connections,
    listeners: filter(yield* listenerRows(sockets, surroundings), wanted),
    slow_calls: filter(slowCallRows(records.slow, surroundings), wanted),
    calls: callRows(records, surroundings.arch, wanted),
  }
}

/** Whether a process is to be shown; null: all are. */
type Wanted = ((pid: number | null) => boolean) | null

function selector(pids: readonly number[]): Wanted {
  if (pids.length === 0) return null
  const set = new Set<number | null>(pids)
  return pid => set.has(pid)
}

function filter<Row extends { readonly pid: number | null }>(rows: readonly Row[], wanted: Wanted): readonly Row[] {
  return wanted === null ? rows : rows.filter(row => wanted(row.pid))
}

function callRows({ calls, processes }: Records, arch: Arch, wanted: Wanted): Iterable<CallRow> {
  return {
    *[Symbol.iterator]() {
      for (let i = 0; i < calls.length; i++) {
        const record = calls.at(i)
        const process = processes[record?.process ?? -1]
        if (record !== undefined && process !== undefined && (wanted === null || wanted(process.pid))) {
          yield new Calls(process.pid, record, arch)
        }
      }
    },
  }
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

  add(call: CallRecord): void {
    this.errors += call.errors
    this.durations.add(call.durations)
  }
}

/** Calls of all processes to one system call. */
interface SyscallSum {
  readonly number: number
  readonly abi: Abi
  readonly sum: CallSum
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

/** Calls of all processes by system call. */
class SyscallSums {
  readonly #sums = { native: new Map<number, SyscallSum>(), compat: new Map<number, SyscallSum>() }

  add(call: CallRecord): void {
    const { number, abi } = call
    let entry = this.#sums[abi].get(number)
    if (entry === undefined) {
      entry = { number, abi, sum: new CallSum() }
      this.#sums[abi].set(number, entry)
    }
    entry.sum.add(call)
  }

  all(): readonly SyscallSum[] {
    return [...this.#sums.native.values(), ...this.#sums.compat.values()]
  }
}

interface Sums {
  readonly syscalls: readonly SyscallSum[]
  readonly processes: Iterable<ProcessSum>
}

/** Adds up by process and by system call. */
function* addUp(records: Records, connections: readonly Connection[], wanted: Wanted): Generator<void, Sums> {
  const processes = new Map<number, ProcessSum>()
  // by the index of the record, which is how calls tell their process; a process may have two records
  const byIndex = records.processes.map(process => {
    if (wanted !== null && !wanted(process.pid)) return null
    const sum = sumOf(processes, process.pid, process)
    sum.add(process)
    return sum
  })
  const syscalls = new SyscallSums()
  for (let from = 0; from < records.calls.length; from += PORTION) {
    yield
    addCalls(records.calls, from, byIndex, syscalls)
  }
  for (let from = 0; from < connections.length; from += PORTION) {
    yield
    addConnections(connections, from, processes)
  }
  return { syscalls: syscalls.all(), processes: processes.values() }
}

/** The sum of a process, made where it has none yet. */
function sumOf(
  processes: Map<number, ProcessSum>,
  pid: number,
  { startedNs, name }: Pick<ProcessRecord, 'startedNs' | 'name'>,
): ProcessSum {
  let sum = processes.get(pid)
  if (sum === undefined) {
    sum = new ProcessSum(pid, startedNs, name)
    processes.set(pid, sum)
  }
  return sum
}

/** Adds a portion of the connections to their owners, which may have done nothing else. */
function addConnections(connections: readonly Connection[], from: number, processes: Map<number, ProcessSum>): void {
  const end = Math.min(from + PORTION, connections.length)
  for (let i = from; i < end; i++) {
    const row = connections[i]
    const pid = row?.pid ?? null
    if (row === undefined || pid === null) continue
    const owner = processes.get(pid) ?? sumOf(processes, pid, { startedNs: 0, name: row.name ?? '' })
    owner.connections++
  }
}

/** Adds a portion of the calls to their processes, and to their system calls. */
function addCalls(
  calls: CallRecords,
  from: number,
  processes: readonly (ProcessSum | null)[],
  syscalls: SyscallSums,
): void {
  const end = Math.min(from + PORTION, calls.length)
  for (let i = from; i < end; i++) {
    const call = calls.at(i)
    const process = processes[call?.process ?? -1]
    if (call === undefined || process === undefined || process === null) continue
    process.calls.add(call)
    syscalls.add(call)
  }
}

function syscallRows(sums: readonly SyscallSum[], arch: Arch): SyscallRow[] {
  return sums.map(({ number, abi, sum }) => ({
    syscall: syscallName(arch, abi, number),
    id: number,
    abi,
    count: total(sum.durations),
    errors: sum.errors,
    duration_ns: summarize(sum.durations),
  }))
}

function* processRows(sums: Iterable<ProcessSum>, { factsOf }: Surroundings): Generator<void, ProcessRow[]> {
  const rows: ProcessRow[] = []
  for (const sum of sums) {
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
