/** The rows of a table as they stand on the screen: filtered, grouped and sorted. */

import { filterRows, type Order, type Sight, sortRows } from '../../table/arrange.ts'
import type { Column, Table } from '../../table/table.ts'
import { groupConnections } from '../../tracers/connections/groups/sums.ts'
import type { Grouping } from '../../tracers/connections/groups/table.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { isRedundant, type What } from '../pages/page.ts'
import { rowsAbout } from '../pages/rows.ts'
import { isOver, isWanted, type KeptRow } from './kept.ts'
import { connectionsOf, type Moment } from './moment.ts'
import { GROUPS, listedAs, namesIn, type State, tableState, topPage } from './state.ts'

export interface Listing {
  readonly table: Table<unknown>
  readonly rows: readonly unknown[]
  /** The column is worth a place: it is not a sparse one that is empty now. */
  isWorthIt(column: Column<unknown>): boolean
  /** Rows there would be without the text filter. */
  readonly all: number
  /** Idle waits, or connections that closed, that are hidden. */
  readonly hidden: number
  /** The row tells of something that was not so before. */
  isNews(row: unknown): boolean
  /** Where the row with this key is; -1: nowhere. */
  indexOf(key: string): number
}

/** All that a listing is made of besides its moment. */
interface Wanted {
  readonly name: string
  readonly order: Order
  readonly pinned: string
  readonly filter: string
  readonly sight: Sight
  readonly grouping: Grouping | null
  /** What the page is about; null: there is none. */
  readonly what: What | null
  /** Idle waits are shown as well. */
  readonly idle: boolean
  readonly closedHidden: boolean
}

/** A cursor key must not sort ten thousand connections again: the last listing of each table is kept with its sample. */
const remembered = new WeakMap<Moment, Map<string, { readonly wanted: Wanted; readonly listing: Listing }>>()

export function listing(state: State, name: string): Listing {
  const { shown } = state
  const table = listedAs(state, name)
  if (shown === null)
    return { table, rows: [], isWorthIt: () => true, all: 0, hidden: 0, isNews: () => false, indexOf: () => -1 }

  const ofMoment = remembered.get(shown) ?? new Map<string, { wanted: Wanted; listing: Listing }>()
  remembered.set(shown, ofMoment)
  const wanted = wantedIn(state, name)
  const last = ofMoment.get(name)
  if (last !== undefined && isSame(last.wanted, wanted)) return last.listing

  const { rows, all, hidden } = unsorted(shown, table, wanted)
  const filled = new Map<Column<unknown>, boolean>()
  const sorted = liveFirst(table, sortRows(table, rows, wanted.order))
  const found = new Map<string, number>()
  const made: Listing = {
    table,
    rows: sorted,
    all,
    hidden,
    isNews: row => table.newsKey !== undefined && shown.errors.news.has(table.newsKey(row)),
    // to search fifty thousand keys takes its time: only once
    indexOf(key) {
      const known = found.get(key) ?? sorted.findIndex(row => table.key(row) === key)
      found.set(key, known)
      return known
    },
    // to find a hundred thousand rows empty takes its time: only of a column that there is room for, and once
    isWorthIt(column) {
      if (wanted.what !== null && isRedundant(wanted.what, column.id)) return false
      if (column.sparse !== true || column.id === wanted.pinned) return true
      const known = filled.get(column) ?? rows.some(row => column.value(row) !== null)
      filled.set(column, known)
      return known
    },
  }
  ofMoment.set(name, { wanted, listing: made })
  return made
}

function wantedIn(state: State, name: string): Wanted {
  const { filter } = state
  return {
    name,
    order: tableState(state, name).order,
    pinned: tableState(state, name).pinned,
    filter,
    sight: sightIn(state),
    grouping: name === GROUPS ? state.grouping : null,
    what: topPage(state)?.what ?? null,
    idle: state.idle,
    closedHidden: state.closedHidden,
  }
}

/** Only what is filtered depends on names. */
function sightIn(state: State): Sight {
  return { names: state.filter === '' ? null : namesIn(state), ascii: state.ascii }
}

function isSame(a: Wanted, b: Wanted): boolean {
  return (
    a.order === b.order &&
    a.pinned === b.pinned &&
    a.filter === b.filter &&
    a.sight.names === b.sight.names &&
    a.grouping === b.grouping &&
    a.what === b.what &&
    a.idle === b.idle &&
    a.closedHidden === b.closedHidden
  )
}

function unsorted(
  moment: Moment,
  table: Table<unknown>,
  { name, filter, sight, grouping, what, ...wanted }: Wanted,
): Pick<Listing, 'rows' | 'all' | 'hidden'> {
  switch (name) {
    case GROUPS: {
      // those of this interval only: the others would be counted again and again
      const connections = filterRows(connectionTable, moment.sample.tables.of(connectionTable), filter, sight)
      const rows = groupConnections(connections, grouping ?? 'remote')
      return { rows, all: rows.length, hidden: 0 }
    }
    default: {
      const rows = what === null ? rowsOf(table, moment) : rowsAbout(what, table, moment)
      const shown = hides(wanted, table) ? rows.filter(row => !isHidden(wanted, table, row)) : rows
      return { rows: filterRows(table, shown, filter, sight), all: shown.length, hidden: rows.length - shown.length }
    }
  }
}

type Hiding = Pick<State, 'idle' | 'closedHidden'>

/** Some rows of the table may be hidden. */
function hides({ idle, closedHidden }: Hiding, table: Table<unknown>): boolean {
  return (!idle && table.idle !== undefined) || (closedHidden && table.lingering === true)
}

function isHidden({ idle, closedHidden }: Hiding, table: Table<unknown>, row: unknown): boolean {
  return (!idle && table.idle?.(row) === true) || (closedHidden && table.lingering === true && isOver(table, row))
}

/** In their order, but those that ended behind all others, first the ones that failed. */
function liveFirst(table: Table<unknown>, rows: readonly unknown[]): readonly unknown[] {
  if (table.lingering !== true) return rows
  const [live, failed, over]: [unknown[], unknown[], unknown[]] = [[], [], []]
  for (const row of rows) (table.ended?.(row) !== true ? live : isOver(table, row) ? over : failed).push(row)
  return failed.length + over.length === 0 ? rows : [...live, ...failed, ...over]
}

function rowsOf(table: Table<unknown>, moment: Moment): readonly unknown[] {
  return table === connectionTable ? connectionsOf(moment) : moment.sample.tables.of(table)
}

/** The place of the selected row among the others while it is absent; -1: it is there, or there is nothing to keep it for. */
function absentIndex(state: State, name: string): number {
  const { kept, chosen, index } = tableState(state, name)
  const { rows, indexOf } = listing(state, name)
  if (kept === null || !chosen || state.shown === null || indexOf(kept.key) >= 0) return -1
  return isLeftOut(state, name, kept) ? -1 : Math.min(index, rows.length)
}

/** A filter leaves the row out, so that it would not be seen if there were one. */
export function isLeftOut(state: State, name: string, kept: KeptRow): boolean {
  const pids = state.shown?.sample.filter.pids ?? []
  if (listedAs(state, name).pid !== undefined && pids.length > 0 && (kept.pid === null || !pids.includes(kept.pid)))
    return true
  const table = listedAs(state, name)
  if (!state.idle && table.idle?.(kept.row) === true) return true
  if (state.closedHidden && table.lingering === true && kept.isOver) return true
  return !isWanted(listedAs(state, name), kept, state.filter, sightIn(state))
}

/**
 * Where the cursor of a table stands: on its row, or in the place of its row while that is absent. One that nobody has put
 * there follows its row as long as that is in sight of the top. -1 in an empty table.
 *
 * @param visible rows that the table has room for
 */
export function cursorIndex(state: State, name: string, visible = Infinity): number {
  const { kept, chosen, index } = tableState(state, name)
  const { rows, indexOf } = listing(state, name)
  const found = kept === null ? -1 : indexOf(kept.key)
  if (found >= 0 && (chosen || found < visible)) return found
  const absent = absentIndex(state, name)
  return absent >= 0 ? absent : Math.min(index, rows.length - 1)
}

/** What stands in a place of a list: a row, or the selected one that is absent. */
export type Placed = { readonly row: unknown } | { readonly absent: KeptRow }

/** So many places of a list from one on. */
export function placesFrom(state: State, name: string, from: number, count: number): Placed[] {
  const { kept } = tableState(state, name)
  const { rows } = listing(state, name)
  const absent = absentIndex(state, name)
  const shift = kept !== null && absent >= 0 && absent < from ? 1 : 0
  const places: Placed[] = rows.slice(from - shift, from - shift + count).map(row => ({ row }))
  if (kept !== null && absent >= from) places.splice(absent - from, 0, { absent: kept })
  return places.slice(0, count)
}

/** Places of a list. */
export function placeCount(state: State, name: string): number {
  return listing(state, name).rows.length + (absentIndex(state, name) >= 0 ? 1 : 0)
}

/** A row that slid under the cursor less than so many milliseconds ago is not the one that a person means. */
const SEEN = 500

/** The row that Enter acts on: the one that was seen under the cursor. */
export function meantRow(state: State, name: string): KeptRow | null {
  const { kept, slid } = tableState(state, name)
  if (cursorIndex(state, name) < 0) return null
  return slid !== null && state.now - slid.at < SEEN ? slid.from : kept
}

/** The rows in sight in a place for so many of them. */
export function visibleRows(
  state: State,
  place: { readonly table: string; readonly rows: number },
): readonly unknown[] {
  const { top } = tableState(state, place.table)
  return listing(state, place.table).rows.slice(top, top + place.rows)
}
