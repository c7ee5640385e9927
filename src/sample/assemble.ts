/** From what the tracers read to the rows of a sample: joins, adds up, names. Values in, values out. */

import { errnoName } from '../syscall/errno.ts'
import { type Abi, syscallName } from '../syscall/names.ts'
import type { ConnectionRecord } from '../tracers/connections.ts'
import type { ProcessRecord } from '../tracers/processes.ts'
import type { CallRecord } from '../tracers/syscalls.ts'
import { HistogramSum, summarize, total } from './histogram.ts'
import type { CallRow, ConnectionRow, ProcessRow, SyscallRow } from './sample.ts'

/** What the tracers saw in one interval. */
export interface Records {
  readonly processes: readonly ProcessRecord[]
  readonly calls: readonly CallRecord[]
  readonly open: readonly ConnectionRecord[]
  readonly closed: readonly ConnectionRecord[]
}

export interface Rows {
  readonly syscalls: readonly SyscallRow[]
  readonly processes: readonly ProcessRow[]
  readonly connections: readonly ConnectionRow[]
  readonly calls: readonly CallRow[]
}

export interface Surroundings {
  readonly arch: 'x64' | 'arm64'
  /** Only rows of these processes; empty: of all. */
  readonly pids: readonly number[]
  /** The interval on the monotonic clock. */
  readonly startedNs: number
  readonly endedNs: number
  commandOf(pid: number, startedNs: number, name: string): string
}

export function assemble(records: Records, surroundings: Surroundings): Rows {
  const wanted = selector(surroundings.pids)
  const connections = connectionRows(records, surroundings).filter(row => wanted(row.pid))
  const calls = callRows(records, surroundings.arch).filter(row => wanted(row.pid))
  return {
    syscalls: syscallRows(calls),
    processes: processRows(records, calls, connections, surroundings).filter(row => wanted(row.pid)),
    connections,
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

/** A process while its records are added up. */
class ProcessSum {
  name: string
  exited = false
  sentBytes = 0
  receivedBytes = 0
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
    this.sentBytes += record.sentBytes
    this.receivedBytes += record.receivedBytes
  }
}

function processRows(
  { processes }: Records,
  calls: readonly CallRow[],
  connections: readonly ConnectionRow[],
  { commandOf }: Surroundings,
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
    command: commandOf(sum.pid, sum.startedNs, sum.name),
    container: null,
    exited: sum.exited,
    syscalls: total(sum.calls.durations),
    errors: sum.calls.errors,
    duration_ns: summarize(sum.calls.durations),
    sent_bytes: sum.sentBytes,
    received_bytes: sum.receivedBytes,
    connections: sum.connections,
  }))
}

function connectionRows({ open, closed }: Records, interval: Surroundings): ConnectionRow[] {
  const listeners = listenersByPort(open)
  // one that closed after the walk over the open ones is in both: its bytes are those of the two together
  const walked = new Map(open.map(record => [record.id, record]))
  const ended = new Set(closed.map(record => record.id))
  return [
    ...open.filter(record => record.state !== 'LISTEN' && !ended.has(record.id)),
    ...closed.map(record => addBytes(record, walked.get(record.id))),
  ].map(record => connectionRow(record, listeners, interval))
}

function addBytes(record: ConnectionRecord, earlier: ConnectionRecord | undefined): ConnectionRecord {
  if (earlier === undefined) return record
  return {
    ...record,
    sentBytes: record.sentBytes + earlier.sentBytes,
    receivedBytes: record.receivedBytes + earlier.receivedBytes,
  }
}

function connectionRow(
  record: ConnectionRecord,
  listeners: ReadonlyMap<number, readonly ConnectionRecord[]>,
  { startedNs, endedNs }: Surroundings,
): ConnectionRow {
  const listener = listenerOf(record, listeners)
  const direction = record.direction ?? (listener === undefined ? 'outbound' : 'inbound')
  // not yet accepted: it is still its listener's
  const owner = record.owner !== 0 ? record : listener !== undefined && listener.owner !== 0 ? listener : null
  return {
    pid: owner?.owner ?? null,
    name: owner?.name ?? null,
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
    rtt_ns: record.rttNs,
    retransmits: record.retransmits,
    age_seconds: Math.max(0, (record.endedNs ?? endedNs) - record.startedNs) / 1e9,
    age_is_minimum: record.older,
    opened: !record.older && record.startedNs >= startedNs,
    closed: record.endedNs !== null,
    error: failedConnect(record) ? errnoName(record.errno) : null,
  }
}

/** It ended before it was established. */
function failedConnect(record: ConnectionRecord): boolean {
  return record.endedNs !== null && record.state === 'SYN_SENT'
}

function listenersByPort(open: readonly ConnectionRecord[]): Map<number, ConnectionRecord[]> {
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

/** The listening socket that takes connections to this local port and address, the more exact one first. */
function listenerOf(
  { local }: ConnectionRecord,
  listeners: ReadonlyMap<number, readonly ConnectionRecord[]>,
): ConnectionRecord | undefined {
  const atPort = listeners.get(local.port) ?? []
  return (
    atPort.find(listener => listener.local.address === local.address) ??
    atPort.find(listener => ANY_ADDRESSES.has(listener.local.address))
  )
}
