import { type Duration, NO_DURATION } from '../table/histogram.ts'
import { Tables } from '../table/tables.ts'
import type { CallRow } from './syscalls/row.ts'

/** What tracers have read of an interval. Rows may lie in memory that is lent: whoever lends it is told what is done with them. */
export class Reading {
  readonly tables = new Tables()
  /** Until the sink has taken them. */
  calls: Iterable<CallRow> = []
  /** Durations of all system calls that are no idle waits. */
  duration_ns: Duration = NO_DURATION
  readonly #lenders: Lender[] = []

  lentBy(lender: Lender): void {
    this.#lenders.push(lender)
  }

  /** Rows that the kernel side will write anew are copied. */
  detach(): void {
    for (const lender of this.#lenders) lender.detach?.()
  }

  /** The calls are not read any more. */
  taken(): void {
    for (const lender of this.#lenders) lender.taken?.()
  }

  /** Nor are the tables. */
  release(): void {
    for (const lender of this.#lenders) lender.release?.()
  }
}

/** Members that are absent: nothing is to be done then. */
export interface Lender {
  detach?(): void
  taken?(): void
  release?(): void
}
