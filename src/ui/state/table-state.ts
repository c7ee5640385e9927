/** Order, cursor and scroll position of one table. */

import type { Order } from '../../table/arrange.ts'
import type { KeptRow } from './kept.ts'

/** They outlast a change of the view. */
export interface TableState {
  readonly order: Order
  /** The column that has its place before all others, so that none comes or goes while the order changes. */
  readonly pinned: string
  /** The row that the cursor is on, as it was when it was there last; null: there was none yet. */
  readonly kept: KeptRow | null
  /** The user has put the cursor on it: it stays there, while the row is absent too. Else it stays at the top of the list. */
  readonly chosen: boolean
  /** The row that the user has put it on, while a filter leaves that out: the cursor is on it again as soon as it can be. */
  readonly hidden: KeptRow | null
  /** Where the cursor is, and an absent row with it. */
  readonly index: number
  /** What was under the cursor before a sample put another row there. */
  readonly slid: { readonly from: KeptRow; readonly at: number } | null
  /** Index of the first visible row. */
  readonly top: number
  /** Rows to make room for where it is one of several. */
  readonly need: number
}

/** A cursor that nobody has put anywhere yet. */
export const AT_TOP: Pick<TableState, 'kept' | 'chosen' | 'hidden' | 'index' | 'slid'> = {
  kept: null,
  chosen: false,
  hidden: null,
  index: 0,
  slid: null,
}

/** A table that nobody has looked at yet; always the same one, so that its listing is known again. */
export function fresh(column: string): TableState {
  const known = untouched.get(column) ?? {
    order: { column, reversed: false },
    pinned: column,
    ...AT_TOP,
    top: 0,
    need: 0,
  }
  untouched.set(column, known)
  return known
}

const untouched = new Map<string, TableState>()
