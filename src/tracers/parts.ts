/** What the built-in tracers are made of, whichever way each need is met. */

import type { Plan } from '../plan/plan.ts'
import type { ConnectionRecords } from './connections/sockets/record.ts'
import type { Losses } from './loss.ts'
import type { MapMemory } from './map-memory.ts'
import type { NetworkNamespaces } from './network/namespaces.ts'
import type { ProcessRecord } from './processes/tracer.ts'
import type { SlowCallRecord } from './slow-calls/tracer.ts'
import type { CallRecords } from './syscalls/call-records.ts'
import type { IntervalRows, LossCounter, Tracer } from './tracer.ts'

/** What user space tells the kernel side. */
export interface IntervalControl {
  /** Number of the current interval; 0: counting has not begun. */
  readonly epoch: number
  readonly pids: readonly number[]
  /**
   * Number of this process as the kernel side counts them, which no pid namespace has a say in; from then on it is that
   * one which is not traced. null: it could not be found out. `greet` makes the system call with a number, before the
   * first interval.
   */
  greeted(greet: (number: number) => void): number | null
  /** Number of the sample under way, which may be of several intervals. */
  advance(): void
  setFilter(pids: readonly number[]): void
}

/** Single calls that took long. */
export interface SlowCalls {
  readonly rows: IntervalRows
  read(epoch: number): readonly SlowCallRecord[]
  /** Slow calls without a record since the last call of this. */
  takeLost(): number
}

/** Who may switch on what this process may not. */
export interface CostSwitch {
  /** Whether it is measured then. */
  measure(on: boolean): Promise<boolean>
}

/** What the BPF programs themselves cost. */
export interface Cost {
  measure(on: boolean): void
  /** From now on another one is asked where this process has not the permission. */
  measuredBy(other: CostSwitch): void
  /** Seconds that they ran since the last call, on all processors; null while that is not measured. */
  take(): number | null
}

/** Reads of an interval are made once, after a grace period, in the order of these members; only open sockets before. */
export interface Processes {
  readonly rows: IntervalRows
  read(epoch: number): readonly ProcessRecord[]
}

export interface Syscalls {
  readonly source: string
  readonly rows: IntervalRows
  readonly loss: LossCounter
  /** To be read before the next interval ends, and then released. */
  read(epoch: number): CallRecords
}

export interface Bytes {
  readonly source: string
  readonly loss: LossCounter
}

export interface Connections {
  readonly source: string
  readonly closed: IntervalRows
  /** Looks at all sockets: what they moved until now belongs to this interval. */
  walk(): Promise<void>
  /** What the last walk found, and who holds it. No program changes that any more, so that it is read before all else. */
  readOpen(): Promise<ConnectionRecords>
  readClosed(epoch: number): ConnectionRecords
  /** Takes what closed in an interval at rest, for `readClosed` of a later one; absent: `readClosed` takes it. */
  collect?(epoch: number): void
  takeLost(): Losses
  /** What it cannot see for now, and why, a line each. */
  notes?(): readonly string[]
}

/** The built-in tracers, attached but not yet counting. */
export interface Tracers {
  readonly control: IntervalControl
  /** Number of this process as the kernel side counts them; null: not known. */
  readonly self: number | null
  readonly namespaces: NetworkNamespaces
  readonly processes: Processes
  readonly syscalls: Syscalls
  readonly bytes: Bytes
  readonly connections: Connections
  readonly slowCalls: SlowCalls
  readonly cost: Cost
  /** What the maps of all objects take. */
  readonly mapMemory: Pick<MapMemory, 'bytes'>
  /** Tracers besides, which have tables of their own. */
  readonly others: readonly Tracer[]
  /** How each need is met here. */
  readonly plan: Plan
  /** File with the whole log of the verifier, where it refused something; null: it did not. */
  readonly verifierLog: string | null
  close(): void
}
