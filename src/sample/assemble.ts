/** From what the tracers read to the rows of a sample: joins, adds up, names. Values in, values out. */

import type { Times } from '../bpf/clock.ts'
import type { ProcessKey } from '../facts/by-process.ts'
import type { Facts, ProcessFacts } from '../facts/facts.ts'
import { errnoName } from '../syscall/errno.ts'
import { type Arch, syscallName } from '../syscall/names.ts'
import { type Duration, HistogramSum, summarize, total } from '../table/histogram.ts'
import { PORTION } from '../table/slices.ts'
import type { Tables } from '../table/tables.ts'
import type { Connection } from '../tracers/connections/connection.ts'
import type { IntervalEnd } from '../tracers/connections/interval.ts'
import type { ConnectionRecords } from '../tracers/connections/sockets/record.ts'
import { listenerRows, listeningOwners, type Sockets } from '../tracers/connections/sockets/sockets.ts'
import { connectionTable } from '../tracers/connections/table.ts'
import { IDLE_CALLS } from '../tracers/in-flight/idle.ts'
import { listenerTable } from '../tracers/listeners/table.ts'
import { type ProcessSum, ProcessSums } from '../tracers/processes/process-sums.ts'
import type { ProcessRow } from '../tracers/processes/row.ts'
import { processTable } from '../tracers/processes/table.ts'
import type { ProcessRecord } from '../tracers/processes/tracer.ts'
import type { SlowCallRow } from '../tracers/slow-calls/row.ts'
import { slowTable } from '../tracers/slow-calls/table.ts'
import type { SlowCallRecord } from '../tracers/slow-calls/tracer.ts'
import { type CallRecords, COMPAT_BIT } from '../tracers/syscalls/call-records.ts'
import { type CallSum, CallSums } from '../tracers/syscalls/call-sums.ts'
import { Calls } from '../tracers/syscalls/calls.ts'
import type { CallRow, SyscallRow } from '../tracers/syscalls/row.ts'
import { syscallTable } from '../tracers/syscalls/table.ts'
import type { FreshSample } from './sample.ts'

/** What the tracers saw in one interval, but for the sockets that were open at its end. */
export interface Records {
  readonly processes: readonly ProcessRecord[]
  readonly calls: CallRecords
  readonly slow: readonly SlowCallRecord[]
  readonly closed: ConnectionRecords
}

export interface SampleContext extends IntervalEnd {
  readonly arch: Arch
  /** Only rows of these processes; empty: of all. */
  readonly pids: readonly number[]
  readonly facts: ProcessFacts
  /** This program; 0: nobody knows its number. */
  readonly self: number
}

/**
 * Makes the tables of an interval, and gives its calls, and how long they took. `sockets`: with the open ones in it. Yields now and then, where it can
 * be laid aside, and what is to be waited for.
 */
export function* assemble(
  records: Records,
  sockets: Sockets,
  tables: Tables,
  context: SampleContext,
): Generator<void | Promise<void>, Pick<FreshSample, 'calls' | 'duration_ns'>> {
  const { facts } = context
  const wanted = selector(records.processes, context)
  yield* sockets.addClosed(records.closed)
  const connections = filter(sockets.connections, wanted)
  const sums = new ProcessSums(records.processes, wanted)
  yield* countConnections(connections, sums)
  const calls = yield* addUp(records.calls, sums)
  yield facts.learn([...sums.all(), ...sums.without(listeningOwners(sockets))])
  const processes = yield* processRows(sums.all(), calls, context)
  const syscalls = syscallRows(calls, context.arch)
  const duration_ns = workDurations(calls, context.arch)
  calls.release()
  sockets.setProcesses(sums)
  const listeners = filter(yield* listenerRows(sockets, context), wanted)
  tables
    .with(syscallTable, syscalls)
    .with(processTable, processes)
    .with(connectionTable, connections)
    .with(listenerTable, listeners)
    .with(slowTable, filter(slowCallRows(records.slow, context), wanted))
  return { calls: callRows(records, context, wanted), duration_ns }
}

/** Whether a process is to be shown; null: all are. */
type Wanted = ((pid: number | null) => boolean) | null

function selector(processes: readonly ProcessRecord[], { pids, facts, self }: SampleContext): Wanted {
  if (pids.length > 0) {
    const set = new Set<number | null>(pids)
    return pid => set.has(pid)
  }
  // its children do what might hold up the program, and are part of it
  const own = new Set<number | null>()
  for (const { pid, parent } of processes) if ((parent !== 0 && parent === self) || facts.isOwn(pid)) own.add(pid)
  return own.size === 0 ? null : pid => !own.has(pid)
}

function filter<Row extends { readonly pid: number | null }>(rows: readonly Row[], wanted: Wanted): readonly Row[] {
  return wanted === null ? rows : rows.filter(row => wanted(row.pid))
}

function callRows({ calls, processes }: Records, { arch, times }: SampleContext, wanted: Wanted): Iterable<CallRow> {
  return {
    *[Symbol.iterator]() {
      for (let i = 0; i < calls.length; i++) {
        const record = calls.at(i)
        const process = processes[record?.process ?? -1]
        if (record !== undefined && process !== undefined && (wanted === null || wanted(process.pid))) {
          yield new Calls(process.pid, startOf(process, times), record, arch)
        }
      }
    },
  }
}

const MAX_ERRNO = 4095

function slowCallRows(records: readonly SlowCallRecord[], { arch, times }: SampleContext): SlowCallRow[] {
  return records.map(record => ({
    pid: record.pid,
    tid: record.tid,
    name: record.name,
    syscall: syscallName(arch, record.abi, record.number),
    id: record.number,
    abi: record.abi,
    return: record.result,
    error: record.result < 0 && record.result >= -MAX_ERRNO ? errnoName(-record.result) : null,
    started_ns: times.ofMonotonic(record.startedNs),
    duration_ns: record.durationNs,
  }))
}

function* countConnections(connections: readonly Connection[], sums: ProcessSums): Generator<void, void> {
  for (let from = 0; from < connections.length; from += PORTION) {
    yield
    sums.count(connections, from, Math.min(from + PORTION, connections.length))
  }
}

/** Adds up the calls by process and by system call. */
function* addUp(calls: CallRecords, { places, size }: ProcessSums): Generator<void, CallSums> {
  const sums = new CallSums(places, size)
  for (let from = 0; from < calls.length; from += PORTION) {
    yield
    calls.addTo(sums, from, Math.min(from + PORTION, calls.length))
  }
  return sums
}

function syscallRows(sums: CallSums, arch: Arch): SyscallRow[] {
  return Array.from(sums.ofCalls(), ([call, sum]) => {
    const id = call & ~COMPAT_BIT
    const abi = call & COMPAT_BIT ? 'compat' : 'native'
    const count = total(sum)
    return {
      syscall: syscallName(arch, abi, id),
      id,
      abi,
      count: count + sum.untimed,
      errors: sum.errors,
      untimed: sum.untimed,
      duration_ns: summarize(sum, count),
    }
  })
}

/** Durations of all calls but those that wait by their nature, which would hide all others. */
function workDurations(sums: CallSums, arch: Arch): Duration {
  const all = new HistogramSum()
  for (const [call, sum] of sums.ofCalls()) {
    const abi = call & COMPAT_BIT ? 'compat' : 'native'
    if (!IDLE_CALLS.has(syscallName(arch, abi, call & ~COMPAT_BIT))) all.add(sum)
  }
  return summarize(all, total(all))
}

function* processRows(
  sums: Iterable<ProcessSum>,
  calls: CallSums,
  { facts, times }: SampleContext,
): Generator<void, ProcessRow[]> {
  const rows: ProcessRow[] = []
  for (const sum of sums) {
    if (rows.length % PORTION === 0) yield
    sum.row = processRow(sum, calls.ofProcess(sum.index), facts.get(sum.pid, sum.startedNs, sum.name), times)
    rows.push(sum.row)
  }
  return rows
}

/** Start of a process in Unix time; null: not known. */
function startOf({ startedNs }: ProcessKey, times: Times): number | null {
  return startedNs === 0 ? null : times.ofBoot(startedNs)
}

function processRow(process: ProcessSum, calls: CallSum, facts: Facts, times: Times): ProcessRow {
  const { tcp, udp, other } = process
  const count = total(calls)
  // member by member: copying all that facts have is many times as slow
  return {
    pid: process.pid,
    started_ns: startOf(process, times),
    name: facts.name,
    command: facts.command,
    container: facts.container,
    pod: facts.pod,
    unit: facts.unit,
    exited: process.exited,
    syscalls: count + calls.untimed,
    errors: calls.errors,
    untimed: calls.untimed,
    duration_ns: summarize(calls, count),
    sent_bytes: tcp.sent_bytes + udp.sent_bytes + other.sent_bytes,
    received_bytes: tcp.received_bytes + udp.received_bytes + other.received_bytes,
    transports: { tcp, udp, other },
    connections: process.connections,
  }
}
