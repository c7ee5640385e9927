/** The rows of a table as they stand on the screen: filtered, grouped and sorted. */

import { filterRows, type Order, type Sight, sortRows } from '../table/arrange.ts'
import { connectionTable } from '../table/connections.ts'
import { type Grouping, groupKey, groupTables } from '../table/groups.ts'
import type { Column, ListName, Table } from '../table/table.ts'
import { connectionsOf, type Moment } from './moment.ts'
import { listedAs, namesIn, type State, tableOf } from './state.ts'

export interface Listing {
  readonly table: Table<unknown>
  readonly rows: readonly unknown[]
  /** The column is worth a place: it is not a sparse one that is empty now. */
  isWorthIt(column: Column<unknown>): boolean
  /** Rows there would be without the text filter. */
  readonly all: number
}

/** All that a listing is made of besides its moment. */
interface Wanted {
  readonly name: ListName
  readonly order: Order
  readonly filter: string
  readonly sight: Sight
  readonly grouping: Grouping | null
  readonly group: string | null
}

/** A cursor key must not sort ten thousand connections again: the last listing of each table is kept with its sample. */
const remembered = new WeakMap<Moment, Map<ListName, { readonly wanted: Wanted; readonly listing: Listing }>>()

export function listing(state: State, name: ListName): Listing {
  const { shown } = state
  const table = listedAs(state, name)
  if (shown === null) return { table, rows: [], isWorthIt: () => true, all: 0 }

  const ofMoment = remembered.get(shown) ?? new Map<ListName, { wanted: Wanted; listing: Listing }>()
  remembered.set(shown, ofMoment)
  const wanted = wantedIn(state, name)
  const last = ofMoment.get(name)
  if (last !== undefined && isSame(last.wanted, wanted)) return last.listing

  const { rows, all } = unsorted(shown, wanted)
  const filled = new Map<Column<unknown>, boolean>()
  const made: Listing = {
    table,
    rows: sortRows(table, rows, wanted.order),
    all,
    // to find a hundred thousand rows empty takes its time: only of a column that there is room for, and once
    isWorthIt(column) {
      if (column.sparse !== true || column.id === wanted.order.column) return true
      const known = filled.get(column) ?? rows.some(row => column.value(row) !== null)
      filled.set(column, known)
      return known
    },
  }
  ofMoment.set(name, { wanted, listing: made })
  return made
}

function wantedIn(state: State, name: ListName): Wanted {
  const { filter } = state
  const connections = name === 'connections' || name === 'groups'
  return {
    name,
    order: state.tables[name].order,
    filter,
    // only what is filtered depends on names
    sight: { names: filter === '' ? null : namesIn(state), ascii: state.ascii },
    grouping: connections ? state.grouping : null,
    group: connections ? (state.group?.key ?? null) : null,
  }
}

function isSame(a: Wanted, b: Wanted): boolean {
  return (
    a.order === b.order &&
    a.filter === b.filter &&
    a.sight.names === b.sight.names &&
    a.grouping === b.grouping &&
    a.group === b.group
  )
}

function unsorted(moment: Moment, { name, filter, sight, grouping, group }: Wanted): Pick<Listing, 'rows' | 'all'> {
  switch (name) {
    case 'groups': {
      // those of this interval only: the others would be counted again and again
      const connections = filterRows(connectionTable, moment.sample.connections, filter, sight)
      const rows = groupTables[grouping ?? 'remote'].rows({ ...moment.sample, connections })
      return { rows, all: rows.length }
    }
    case 'connections': {
      const connections = connectionsOf(moment)
      const ofGroup =
        grouping === null || group === null ? connections : connections.filter(row => groupKey(row, grouping) === group)
      return { rows: filterRows(connectionTable, ofGroup, filter, sight), all: ofGroup.length }
    }
    default: {
      const rows = tableOf(name).rows(moment.sample)
      return { rows: filterRows(tableOf(name), rows, filter, sight), all: rows.length }
    }
  }
}

/** Where the cursor of a table stands: on the row it follows, else at its index; -1 in an empty table. */
export function cursorIndex(state: State, name: ListName): number {
  const { key, index } = state.tables[name]
  const { table, rows } = listing(state, name)
  const last = Math.min(index, rows.length - 1)
  // most often it is still where it was, and to search fifty thousand keys takes its time
  if (key === null || last < 0 || table.key(rows[last]) === key) return last
  const followed = rows.findIndex(row => table.key(row) === key)
  return followed >= 0 ? followed : last
}

/** The process that the selected row belongs to; null if there is none. */
export function selectedPid(state: State, name: ListName): number | null {
  const { table, rows } = listing(state, name)
  const index = cursorIndex(state, name)
  return index < 0 ? null : table.pid(rows[index])
}

/** The rows in sight in a place for so many of them. */
export function visibleRows(
  state: State,
  place: { readonly table: ListName; readonly rows: number },
): readonly unknown[] {
  const { top } = state.tables[place.table]
  return listing(state, place.table).rows.slice(top, top + place.rows)
}
