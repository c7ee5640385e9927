/** What a sample has of intervals of the kernel side that ended before it does. */

import { JoinedBatch } from '../table/batch.ts'
import { total } from '../table/histogram.ts'
import { PORTION } from '../table/slices.ts'
import type { ConnectionRecords } from '../tracers/connections/sockets/record.ts'
import type { Tracers } from '../tracers/parts.ts'
import type { Moved, ProcessRecord } from '../tracers/processes/tracer.ts'
import type { SlowCallRecord } from '../tracers/slow-calls/tracer.ts'
import type { CallRecord, CallRecords } from '../tracers/syscalls/call-records.ts'
import type { CallSums } from '../tracers/syscalls/call-sums.ts'
import { KeptCalls } from '../tracers/syscalls/kept-calls.ts'
import type { Records } from './assemble.ts'

/** What is read of an interval. */
interface Source {
  readonly processes: Pick<Tracers['processes'], 'read'>
  readonly syscalls: Pick<Tracers['syscalls'], 'read'>
  readonly slowCalls: Pick<Tracers['slowCalls'], 'read'>
  readonly connections: Pick<Tracers['connections'], 'collect' | 'readClosed'>
}

/** Rows that are kept at most: what finds none is lost. */
const MOST = { processes: 131_072, pairs: 1_048_576, slow: 65_536, closed: 524_288 }

/**
 * The rows of the kernel side may fill up long before a sample is due. Then its interval is ended, read, and added up here,
 * and the next one begins: the sample is of all of them.
 */
export class Earlier {
  readonly #indexes = new Map<string, number>()
  /** Of processes whose start nothing told: the record of the last one with that id. */
  readonly #byPid = new Map<number, number>()
  readonly #processes: ProcessRecord[] = []
  readonly #calls = new KeptCalls()
  readonly #slow: SlowCallRecord[] = []
  readonly #closed: ConnectionRecords[] = []
  #isEmpty = true
  #closedRows = 0

  /** What there was no room for. */
  readonly lost = { syscalls: 0, connections: 0, bytes: 0, slow_calls: 0 }
  readonly #most: typeof MOST

  constructor(most = MOST) {
    this.#most = most
  }

  /** Adds an interval that is at rest. To be called once for each. */
  *add({ processes, syscalls, slowCalls, connections }: Source, epoch: number): Generator<void, void> {
    this.#isEmpty = false
    const indexes = processes.read(epoch).map(record => this.#addProcess(record))
    yield
    const calls = syscalls.read(epoch)
    try {
      for (let i = 0; i < calls.length; i++) {
        if (i % PORTION === 0) yield
        const record = calls.at(i)
        if (record !== undefined) this.#addCalls(indexes[record.process] ?? null, record)
      }
    } finally {
      calls.release()
    }
    const slow = slowCalls.read(epoch)
    const kept = slow.slice(0, this.#most.slow - this.#slow.length)
    this.#slow.push(...kept)
    this.lost.slow_calls += slow.length - kept.length
    if (connections.collect !== undefined) {
      connections.collect(epoch)
      return
    }
    const closed = connections.readClosed(epoch)
    if (closed.length === 0) return
    if (this.#closedRows + closed.length > this.#most.closed) {
      this.lost.connections += closed.length
      closed.release()
      return
    }
    this.#closed.push(closed)
    this.#closedRows += closed.length
  }

  /** Nobody joins it with anything any more. */
  release(): void {
    for (const closed of this.#closed) closed.release()
  }

  /** The records of the last interval, and all that is kept, which whoever is given it holds as well. */
  join({ processes, calls, slow, closed }: Records): Records {
    if (this.#isEmpty) return { processes, calls, slow, closed }
    return {
      processes: [...this.#processes, ...processes],
      calls: new JoinedCalls(this.#calls, calls, this.#processes.length),
      slow: [...this.#slow, ...slow],
      closed: new JoinedBatch([...this.#closed.map(each => each.hold()), closed]),
    }
  }

  #addCalls(process: number | null, record: CallRecord): void {
    const hasRoom = process !== null && (this.#calls.length < this.#most.pairs || this.#calls.has(process, record))
    if (hasRoom) this.#calls.add(process, record)
    else this.lost.syscalls += total(record.durations) + record.untimed
  }

  /** Its index; null where there is no room. */
  #addProcess(record: ProcessRecord): number | null {
    const key = `${record.pid} ${record.startedNs}`
    const index = record.startedNs === 0 ? this.#byPid.get(record.pid) : this.#indexes.get(key)
    const before = index === undefined ? undefined : this.#processes[index]
    if (index === undefined || before === undefined) {
      if (this.#processes.length >= this.#most.processes) {
        if ([record.tcp, record.udp, record.other].some(moved => moved.sentBytes + moved.receivedBytes > 0)) {
          this.lost.bytes++
        }
        return null
      }
      this.#indexes.set(key, this.#processes.length)
      this.#byPid.set(record.pid, this.#processes.length)
      return this.#processes.push(record) - 1
    }
    this.#processes[index] = {
      ...record,
      startedNs: before.startedNs,
      command: record.command ?? before.command,
      group: record.group ?? before.group,
      exited: before.exited || record.exited,
      tcp: plus(before.tcp, record.tcp),
      udp: plus(before.udp, record.udp),
      other: plus(before.other, record.other),
    }
    return index
  }
}

function plus(a: Moved, b: Moved): Moved {
  if (b.sentBytes === 0 && b.receivedBytes === 0) return a
  return { sentBytes: a.sentBytes + b.sentBytes, receivedBytes: a.receivedBytes + b.receivedBytes }
}

/** Those that are kept, then those of the last interval, whose processes come behind the ones that are kept. */
class JoinedCalls implements CallRecords {
  readonly #kept: CallRecords
  readonly #last: CallRecords
  readonly #processes: number

  constructor(kept: CallRecords, last: CallRecords, processes: number) {
    this.#kept = kept
    this.#last = last
    this.#processes = processes
  }

  get length(): number {
    return this.#kept.length + this.#last.length
  }

  at(index: number): CallRecord | undefined {
    if (index < this.#kept.length) return this.#kept.at(index)
    return this.#last.at(index - this.#kept.length, this.#processes)
  }

  addTo(sums: CallSums, from: number, to: number): void {
    const kept = this.#kept.length
    if (from < kept) this.#kept.addTo(sums, from, Math.min(to, kept))
    if (to > kept) this.#last.addTo(sums, Math.max(from, kept) - kept, to - kept, this.#processes)
  }

  keep(): void {
    this.#last.keep()
  }

  release(): void {
    this.#last.release()
  }
}

/** What the tracers hold of an interval, read in the order that they ask for. */
export function* readRecords(
  { processes, syscalls, slowCalls, connections }: Tracers,
  epoch: number,
): Generator<void, Records> {
  const processRecords = processes.read(epoch)
  yield
  const calls = syscalls.read(epoch)
  const slow = slowCalls.read(epoch)
  yield
  return { processes: processRecords, calls, slow, closed: connections.readClosed(epoch) }
}
