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

export function assemble(records: Records, surroundings: Surroundings): Rows {
  const wanted = selector(surroundings.pids)
  const sockets = connectionRows(records, surroundings).filter(row => wanted(row.pid))
  const calls = callRows(records, surroundings.arch).filter(row => wanted(row.pid))
  const processes = processRows(records, calls, sockets, surroundings).filter(row => wanted(row.pid))
  const containers = new Map<number | null, string | null>(processes.map(row => [row.pid, row.container]))
  // there may be many of them: not one more copy of each
  for (const row of sockets) row.container = containers.get(row.pid) ?? null
  return {
    syscalls: syscallRows(calls),
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

function callRows(records: Records, arch: 'x64' | 'arm64'): CallRow[] {
  return records.calls.flatMap(call => {
    const process = records.processes[call.process]
    if (process === undefined) return []
    return {
      pid: process.pid,
      syscall: syscallName(arch, call.abi, call.number),
      id: call.number,
      abi: call.abi,
      errors: call.errors,
      failures: nameFailures(call),
      durations: call.durations,
    }
  })
}

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

function syscallRows(calls: readonly CallRow[]): SyscallRow[] {
  const sums = new Map<string, { syscall: string; id: number; abi: Abi; sum: CallSum }>()
  for (const call of calls) {
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

function processRows(
  { processes }: Records,
  calls: readonly CallRow[],
  connections: readonly ConnectionRow[],
  { factsOf }: Surroundings,
): ProcessRow[] {
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
  for (const call of calls) sums.get(call.pid)?.calls.add(call)
  for (const { pid, name } of connections) if (pid !== null) sumOf(pid, 0, name ?? '').connections++

  return [...sums.values()].map(sum => ({
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
  }))
}

function sumOfTransports(transports: Readonly<Record<Transport, Traffic>>): Traffic {
  return {
    sent_bytes: TRANSPORTS.reduce((sum, transport) => sum + transports[transport].sent_bytes, 0),
    received_bytes: TRANSPORTS.reduce((sum, transport) => sum + transports[transport].received_bytes, 0),
  }
}

function connectionRows({ open, closed }: Records, interval: Surroundings): OwnedRow[] {
  const listeners = listenersByPort([...open, ...closed])
  // one that closed after the walk over the open ones is in both: its bytes are those of the two together
  const walked = new Map(open.map(record => [record.id, record]))
  const ended = new Set(closed.map(record => record.id))
  return [
    ...open.filter(record => record.state !== 'LISTEN' && !ended.has(record.id)),
    ...closed.filter(record => record.state !== 'LISTEN').map(record => addEarlier(record, walked.get(record.id))),
  ].map(record => connectionRow(record, listeners, interval))
}

function addEarlier(record: ConnectionRecord, earlier: ConnectionRecord | undefined): ConnectionRecord {
  if (earlier === undefined) return record
  return {
    ...record,
    sentBytes: record.sentBytes + earlier.sentBytes,
    receivedBytes: record.receivedBytes + earlier.receivedBytes,
    opened: record.opened || earlier.opened,
    accepted: record.accepted || earlier.accepted,
  }
}

/** A connection while the container of its owner is looked up. */
type OwnedRow = Omit<ConnectionRow, 'container'> & { container: string | null }

function connectionRow(
  record: ConnectionRecord,
  listeners: ReadonlyMap<number, readonly ConnectionRecord[]>,
  { endedNs, namespace, unixNs, nowNs }: Surroundings,
): OwnedRow {
  const listener = record.direction === null || record.owner === 0 ? listenerOf(record, listeners) : undefined
  const direction = record.direction ?? (listener === undefined ? 'outbound' : 'inbound')
  // not yet accepted: it is still its listener's
  const owner = record.owner !== 0 ? record : listener !== undefined && listener.owner !== 0 ? listener : null
  return {
    id: record.id,
    pid: owner?.owner ?? null,
    name: owner?.name ?? null,
    container: null,
    family: record.family,
    direction,
    state: record.endedNs === null ? record.state : 'CLOSE',
    local: record.local,
    remote: record.remote,
    sent_bytes: record.sentBytes,
    received_bytes: record.receivedBytes,
    total_sent_bytes: record.totalSentBytes,
    total_received_bytes: record.totalReceivedBytes,
    connect_latency_ns: record.connectNs,
    handshake_latency_ns: record.handshakeNs,
    accept_wait_ns: acceptWait(record),
    rtt_ns: record.rttNs,
    rtt_min_ns: record.rttMinNs,
    retransmits: record.retransmits,
    segments_sent: record.segments,
    reset: record.reset,
    closed_by: record.closer,
    network_namespace: record.namespace === namespace ? null : record.namespace,
    age_seconds: Math.max(0, (record.endedNs ?? endedNs) - record.startedNs) / 1e9,
    age_is_minimum: record.older,
    started_ns: unixNs - (nowNs - record.startedNs),
    ended_ns: record.endedNs === null ? null : unixNs - (nowNs - record.endedNs),
    opened: record.opened,
    closed: record.endedNs !== null,
    error: failedConnect(record) && record.errno !== 0 ? errnoName(record.errno) : null,
  }
}

/** It ended before it was established. */
function failedConnect(record: ConnectionRecord): boolean {
  return record.endedNs !== null && record.state === 'SYN_SENT'
}

function acceptWait({ establishedNs, acceptedNs }: ConnectionRecord): number | null {
  return establishedNs === null || acceptedNs === null ? null : acceptedNs - establishedNs
}

function listenerRows({ open, closed }: Records, { namespace, factsOf }: Surroundings): ListenerRow[] {
  const ended = new Map(closed.filter(record => record.state === 'LISTEN').map(record => [record.id, record]))
  // one that ended after the walk is in both: its drops are those of the two together
  const listeners = new Map(ended)
  for (const record of open) {
    if (record.state !== 'LISTEN') continue
    const drops = record.drops + (ended.get(record.id)?.drops ?? 0)
    listeners.set(record.id, { ...record, drops })
  }
  const byPort = listenersByPort([...listeners.values()])
  const accepts = new Map<number, number>()
  const counted = new Set<number>()
  for (const record of [...open, ...closed]) {
    if (!record.accepted || counted.has(record.id)) continue
    counted.add(record.id)
    const listener = listenerOf(record, byPort)
    if (listener !== undefined) accepts.set(listener.id, (accepts.get(listener.id) ?? 0) + 1)
  }
  return [...listeners.values()].map(record => ({
    pid: record.owner === 0 ? null : record.owner,
    name: record.owner === 0 ? null : record.name,
    container: record.owner === 0 ? null : factsOf(record.owner, 0, record.name).container,
    family: record.family,
    local: record.local,
    backlog: record.backlog,
    backlog_limit: record.backlogLimit,
    accepts: accepts.get(record.id) ?? 0,
    drops: record.drops,
    network_namespace: record.namespace === namespace ? null : record.namespace,
  }))
}

export function listenersByPort(open: readonly ConnectionRecord[]): Map<number, ConnectionRecord[]> {
  const listeners = new Map<number, ConnectionRecord[]>()
  for (const record of open) {
    if (record.state !== 'LISTEN') continue
    const others = listeners.get(record.local.port)
    if (others === undefined) listeners.set(record.local.port, [record])
    else others.push(record)
  }
  return listeners
}

const ANY_ADDRESSES = new Set(['0.0.0.0', '::'])

/**
 * The listening socket that takes connections to this local port and address: the same owner's before another's (sockets
 * that share a port by SO_REUSEPORT), the same address before any.
 */
export function listenerOf(
  { local, owner, namespace }: ConnectionRecord,
  listeners: ReadonlyMap<number, readonly ConnectionRecord[]>,
): ConnectionRecord | undefined {
  let best: ConnectionRecord | undefined
  let bestRank = -1
  for (const listener of listeners.get(local.port) ?? []) {
    const { address } = listener.local
    if (listener.namespace !== namespace || (address !== local.address && !ANY_ADDRESSES.has(address))) continue
    const rank = (address === local.address ? 2 : 0) + (listener.owner === owner ? 1 : 0)
    if (rank > bestRank) {
      best = listener
      bestRank = rank
    }
  }
  return best
}
