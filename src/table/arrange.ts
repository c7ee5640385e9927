import type { Names } from '../names/names.ts'
import type { Column, Table, Value } from './table.ts'

export interface Order {
  /** Column id. */
  readonly column: string
  /** False: the column's natural order, numbers downwards and text upwards. */
  readonly reversed: boolean
}

/**
 * Sorted copy: numbers downwards, text upwards, or the other way round; what has no value is last either way. Rows that
 * compare equal keep a steady order from sample to sample, so that the screen does not flicker.
 */
export function sortRows<Row>(table: Table<Row>, rows: readonly Row[], order: Order): Row[] {
  const column = table.columns.find(c => c.id === order.column)
  if (column === undefined) return [...rows]
  const sign = order.reversed ? -1 : 1
  const sorted =
    column.unit === 'text'
      ? byText(rows, row => column.value(row), sign)
      : byNumber(rows, row => column.value(row), sign)
  return table.steady === true ? rowsOf(sorted) : rowsOf(sorted, row => table.key(row))
}

interface Ranked<Row, Rank> {
  readonly row: Row
  readonly rank: Rank
}

/** Downwards. As plain numbers, so that fifty thousand rows are sorted in some milliseconds. */
function byNumber<Row>(rows: readonly Row[], value: (row: Row) => Value, sign: number): Ranked<Row, number>[] {
  return rows
    .map(row => {
      const found = value(row)
      return { row, rank: found === null ? Infinity : -sign * Number(found) }
    })
    .sort((a, b) => a.rank - b.rank)
}

function byText<Row>(rows: readonly Row[], value: (row: Row) => Value, sign: number): Ranked<Row, Value>[] {
  return rows
    .map(row => ({ row, rank: value(row) }))
    .sort((a, b) => {
      if (a.rank === null || b.rank === null) return a.rank === b.rank ? 0 : a.rank === null ? 1 : -1
      return a.rank === b.rank ? 0 : a.rank < b.rank ? -sign : sign
    })
}

/** The rows in their order; where a key is given, those of one rank by their key. */
function rowsOf<Row>(sorted: readonly Ranked<Row, Value>[], key?: (row: Row) => string): Row[] {
  const rows = sorted.map(({ row }) => row)
  if (key === undefined) return rows
  let start = 0
  for (let end = 1; end <= sorted.length; end++) {
    if (sorted[end]?.rank === sorted[start]?.rank && end < sorted.length) continue
    if (end - start > 1) rows.splice(start, end - start, ...byKey(rows.slice(start, end), key))
    start = end
  }
  return rows
}

function byKey<Row>(rows: readonly Row[], key: (row: Row) => string): Row[] {
  return rowsOf(byText(rows, key, 1))
}

/**
 * The rows with `text` (case ignored) in one of their text columns, or in a name shown there, or as one of their whole
 * numbers; all where it is empty.
 */
export function filterRows<Row>(
  table: Table<Row>,
  rows: readonly Row[],
  text: string,
  names: Names | null = null,
): readonly Row[] {
  const wanted = text.trim()
  if (wanted === '') return rows
  const pattern = new RegExp(wanted.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'iu')
  const number = /^\d+$/.test(wanted) ? Number(wanted) : null
  const columns = table.columns.filter(({ unit }) => unit === 'text' || (unit === 'number' && number !== null))
  return rows.filter(row => columns.some(column => matches(column, row, pattern, number, names)))
}

function matches<Row>(
  column: Column<Row>,
  row: Row,
  pattern: RegExp,
  number: number | null,
  names: Names | null,
): boolean {
  if (names !== null && column.named !== undefined && pattern.test(column.named(row, names))) return true
  const value = column.value(row)
  return typeof value === 'string' ? pattern.test(value) : number !== null && value === number
}

/** The column that a person means by `name`: an id, or a heading without its "/s", case ignored. */
export function findColumn<Row>(table: Table<Row>, name: string): Column<Row> | undefined {
  const wanted = name.toLowerCase()
  return (
    table.columns.find(c => c.id === wanted) ??
    table.columns.find(c => [c.title.toLowerCase(), c.title.toLowerCase().replace('/s', '')].includes(wanted))
  )
}
