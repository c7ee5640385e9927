import type { Plan } from '../plan/plan.ts'
import type { NetworkNamespaces } from './connections/namespaces.ts'
import type { ConnectionRecords } from './connections/socket-record.ts'
import type { Losses } from './loss.ts'
import type { ProcessRecord } from './processes/tracer.ts'
import type { SlowCallRecord } from './slow-calls/tracer.ts'
import type { CallRecords } from './syscalls/tracer.ts'

/** How full a BPF map was in this interval, in entries. */
export interface MapUsage {
  /** Name of the BPF map. */
  readonly name: string
  /** Entries in use in this interval. */
  readonly used: number
  /** Most entries that it can hold. */
  readonly limit: number
}

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
  turn: number
  advance(): void
  setFilter(pids: readonly number[]): void
}

/** Rows that are made in two halves. */
export interface Halves {
  /** Makes the half of the interval to come empty. */
  prepare(epoch: number): void
  /**
   * Whether the rows of an interval are still as they were read, and so need not be read again when they are at rest.
   * Absent where they can be read only once.
   */
  asRead?(epoch: number): boolean
  /** What part of the rows of an interval is taken, now; absent where nothing fills up. */
  fill?(epoch: number): number
  /** How full the half of an interval was; absent where that cannot be told. */
  usage?(epoch: number): MapUsage | readonly MapUsage[] | undefined
}

/** Single calls that took long. */
export interface SlowCalls {
  readonly arena: Halves
  read(epoch: number): readonly SlowCallRecord[]
  /** Slow calls without a record since the last call of this. */
  takeLost(): number
}

/** What the BPF programs themselves cost. */
/** Who may switch on what this process may not. */
export interface CostSwitch {
  /** Whether it is measured then. */
  measure(on: boolean): Promise<boolean>
}

export interface Cost {
  measure(on: boolean): void
  /** From now on another one is asked where this process has not the permission. */
  measuredBy(other: CostSwitch): void
  /** Seconds that they ran since the last call, on all processors; null while that is not measured. */
  take(): number | null
}

export interface LossCounter {
  /** Events lost since the last call. */
  take(): Losses
}

/** Reads of an interval are made once, after a grace period, in the order of these members; only open sockets before. */
export interface Processes {
  readonly arena: Halves
  read(epoch: number): readonly ProcessRecord[]
}

export interface Syscalls {
  readonly source: string
  readonly arena: Halves
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
  readonly closed: Halves
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
  /** How each need is met here. */
  readonly plan: Plan
  /** File with the whole log of the verifier, where it refused something; null: it did not. */
  readonly verifierLog: string | null
  close(): void
}
