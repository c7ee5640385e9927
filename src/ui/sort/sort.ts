/** The order of a table: along the columns in sight, or by one picked from all that there are. */

import type { Order } from '../../table/arrange.ts'
import type { Column } from '../../table/table.ts'
import { fitColumns } from '../lines/columns.ts'
import { layout } from '../state/layout.ts'
import { listing } from '../state/listing.ts'
import { activeTable, listedAs, type State, tableState, withTable } from '../state/state.ts'
import { AT_TOP } from '../state/table-state.ts'

/** By the column beside the one that it is sorted by, of those in sight. */
export function sortBeside(state: State, by: number): State {
  const name = activeTable(state)
  const ids = columnsInSight(state, name)
  const at = ids.indexOf(tableState(state, name).order.column)
  const column = at < 0 ? ids[0] : ids[(at + by + ids.length) % ids.length]
  return column === undefined ? state : inOrder(state, name, { column, reversed: false })
}

export function reverse(state: State): State {
  const name = activeTable(state)
  const { order } = tableState(state, name)
  return inOrder(state, name, { ...order, reversed: !order.reversed })
}

/** In another order, a cursor that nobody has put anywhere is at the top again. */
function inOrder(state: State, name: string, order: Order): State {
  return withTable(state, name, tableState(state, name).chosen ? { order } : { order, ...AT_TOP })
}

/** The ids of the columns that the table has room for, from left to right. */
export function columnsInSight(state: State, name: string): string[] {
  const pane = layout(state)
    .flat()
    .find(({ table }) => table === name)
  if (pane === undefined) return []
  const { table, isWorthIt } = listing(state, name)
  const fitted = fitColumns(table.columns, pane.width, tableState(state, name).pinned, isWorthIt)
  return fitted.map(({ column }) => column.id)
}

/** The list of all columns, at the one that the table is sorted by. */
export function openPicker(state: State): State {
  const name = activeTable(state)
  const { order } = tableState(state, name)
  return {
    ...state,
    picking: Math.max(
      0,
      columnsOf(state).findIndex(({ id }) => id === order.column),
    ),
  }
}

/** The columns to pick from: those with a heading. */
export function columnsOf(state: State): readonly Column<unknown>[] {
  return listedAs(state, activeTable(state)).columns.filter(({ title }) => title !== '')
}

/** The mark of the list, moved. */
export function movePicker(state: State, by: number): State {
  const last = columnsOf(state).length - 1
  return { ...state, picking: Math.max(0, Math.min(last, (state.picking ?? 0) + by)) }
}

/** Sorted by the column that is marked; by the one that it is sorted by already, the other way round. */
export function pick(state: State): State {
  const name = activeTable(state)
  const column = columnsOf(state)[state.picking ?? 0]?.id
  const closed: State = { ...state, picking: null }
  if (column === undefined) return closed
  const { order } = tableState(closed, name)
  const sorted = inOrder(closed, name, { column, reversed: column === order.column && !order.reversed })
  return columnsInSight(closed, name).includes(column) ? sorted : withTable(sorted, name, { pinned: column })
}

/** Where other columns are in sight than before, those that tables are sorted by are among them. */
export function pinned(state: State): State {
  const tables = Object.entries(state.tables).map(([name, table]) => [name, { ...table, pinned: table.order.column }])
  return { ...state, tables: Object.fromEntries(tables) }
}
