import { Tables } from '../table/tables.ts'
import type { CallRow } from './syscalls/row.ts'

/** What tracers have read of an interval. Rows may lie in memory that is lent: whoever lends it is told what is done with them. */
export class Reading {
  readonly tables = new Tables()
  /** Until they are released. */
  calls: Iterable<CallRow> = []
  readonly #lenders: Lender[] = []

  lentBy(lender: Lender): void {
    this.#lenders.push(lender)
  }

  /** From now on the tables can be read for good. */
  keep(): void {
    for (const lender of this.#lenders) lender.keep?.()
  }

  /** Rows that the kernel side will write anew are copied. */
  detach(): void {
    for (const lender of this.#lenders) lender.detach?.()
  }

  /** The calls are not read any more. */
  release(): void {
    for (const lender of this.#lenders) lender.release?.()
  }
}

/** Members that are absent: nothing is to be done then. */
export interface Lender {
  keep?(): void
  detach?(): void
  release?(): void
}
