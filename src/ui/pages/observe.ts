/** What the pages remember of what they are about. */

import type { Value } from '../../table/table.ts'
import type { State } from '../state/state.ts'
import { type Page, subjectTable } from './page.ts'
import { subjectRow } from './rows.ts'

/** The state whose pages have seen the sample on the screen. */
export function observed(state: State): State {
  if (state.pages.length === 0 || state.shown === null) return state
  const { shown } = state
  return { ...state, pages: state.pages.map(page => ({ ...page, ...seenOf(page, shown) })) }
}

function seenOf({ what }: Page, shown: NonNullable<State['shown']>): Partial<Page> {
  const table = subjectTable(what)
  const row = subjectRow(what, shown)
  if (table === null || row === undefined) return {}
  return { seen: new Map<string, Value>(table.columns.map(column => [column.id, column.value(row)])) }
}
