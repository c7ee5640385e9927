/** The rows of a table as they stand on the screen: filtered and sorted. */

import type { Sample } from '../sample/sample.ts'
import { filterRows, type Order, sortRows } from '../table/arrange.ts'
import type { Table, TableName } from '../table/table.ts'
import { type State, tableOf } from './state.ts'

export interface Listing {
  readonly table: Table<unknown>
  readonly rows: readonly unknown[]
}

interface Remembered {
  readonly order: Order
  readonly filter: string
  readonly listing: Listing
}

/** A cursor key must not sort ten thousand connections again: the last listing of each table is kept with its sample. */
const remembered = new WeakMap<Sample, Map<TableName, Remembered>>()

export function listing(state: State, name: TableName): Listing {
  const { shown: sample, filter } = state
  const { order } = state.tables[name]
  const table = tableOf(name)
  if (sample === null) return { table, rows: [] }

  const ofSample = remembered.get(sample) ?? new Map<TableName, Remembered>()
  remembered.set(sample, ofSample)
  const last = ofSample.get(name)
  if (last !== undefined && last.order === order && last.filter === filter) return last.listing

  const made: Listing = { table, rows: sortRows(table, filterRows(table, table.rows(sample), filter), order) }
  ofSample.set(name, { order, filter, listing: made })
  return made
}

/** Where the cursor of a table stands: on the row it follows, else at its index; -1 in an empty table. */
export function cursorIndex(state: State, name: TableName): number {
  const { key, index } = state.tables[name]
  const { table, rows } = listing(state, name)
  const followed = key === null ? -1 : rows.findIndex(row => table.key(row) === key)
  return followed >= 0 ? followed : Math.min(index, rows.length - 1)
}

/** The process that the selected row belongs to; null if there is none. */
export function selectedPid(state: State, name: TableName): number | null {
  const { table, rows } = listing(state, name)
  const index = cursorIndex(state, name)
  return index < 0 ? null : table.pid(rows[index])
}
