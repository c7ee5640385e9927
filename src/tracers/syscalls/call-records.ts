import type { Histogram } from '../../table/histogram.ts'
import type { CallSums } from './call-sums.ts'

/** Marks numbers of the 32-bit table, as the kernel side does: see `checkConstants`. */
export const COMPAT_BIT = 0x10000

/** Calls that ended with one error number. */
export interface FailureRecord {
  readonly errno: number
  readonly count: number
}

/** Calls of one process to one system call in one interval. */
export interface CallRecord {
  /** Index of its process among the process records. */
  readonly process: number
  readonly number: number
  readonly abi: 'native' | 'compat'
  readonly errors: number
  /** The errors by number, as far as there was room to tell them apart. */
  readonly failures: readonly FailureRecord[]
  /** Calls whose begin was not seen; they are not among the durations. */
  readonly untimed: number
  readonly durations: Histogram
}

/** The calls of one interval. A record is made when it is asked for: there may be many thousands. */
export interface CallRecords {
  readonly length: number
  /** `processes`: how many other records of processes come first. */
  at(index: number, processes?: number): CallRecord | undefined
  /** Adds up those from one index up to another, which takes no records. */
  addTo(sums: CallSums, from: number, to: number, processes?: number): void
  /** They can be read for good from now on, whatever the kernel side does. */
  keep(): void
  /** They are not read any more: there are none after that. */
  release(): void
}
