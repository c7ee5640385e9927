import type { Duration, Histogram } from '../../table/histogram.ts'

/** One system call, summed over all processes. */
export interface SyscallRow {
  /** Name of the system call; `syscall_N` where number N has no name. */
  readonly syscall: string
  /** Number of the system call in the table of its ABI. */
  readonly id: number
  /** Table that `id` is from: `compat` is that of 32-bit calls on a 64-bit kernel. */
  readonly abi: 'native' | 'compat'
  /** Calls that returned in this interval. */
  readonly count: number
  /** Calls that returned an error. */
  readonly errors: number
  /** Calls without a duration, because seccomp answered them. They are in `count` and not in `duration_ns`. */
  readonly untimed: number
  /** Durations of the calls; all 0 where no call was timed. */
  readonly duration_ns: Duration
}

/** The errno of errors that there was no room to tell apart. */
export const OTHER_ERRORS = 'OTHER'

/**
 * Calls of one process to one system call: the finest grain the kernel side keeps. Not part of the JSON sample. It is read
 * where it lies: its fields are accessors of a class, so that the compiler takes `{ ...row }` for a copy without any of them.
 */
export abstract class CallRow {
  abstract get pid(): number
  /** As in the row of the process. */
  abstract get process_started_ns(): number | null
  abstract get syscall(): string
  abstract get id(): number
  abstract get abi(): 'native' | 'compat'
  abstract get errors(): number
  /** The errors by their errno names; OTHER_ERRORS holds the rest. */
  abstract get failures(): readonly { readonly errno: string; readonly count: number }[]
  /** Calls that seccomp answered; they are not among the durations. */
  abstract get untimed(): number
  abstract get durations(): Histogram
}
