import type { Names } from '../names/names.ts'
import { toAscii } from '../text/signs.ts'
import { sanitize } from '../text/text.ts'
import type { Column, Field, Table, Value } from './table.ts'

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
  const ties = table.steady === true ? () => 0 : byKey(table)
  return column.unit === 'text' ? byText(rows, column, sign, ties) : byNumber(rows, column, sign, ties)
}

interface Ranked<Row, Rank> {
  readonly row: Row
  readonly rank: Rank
  /** Made when it is first asked for: most rows have no equal. */
  key: string | null
}

/** The order of rows of equal rank. */
type Ties<Row> = (a: Ranked<Row, Value>, b: Ranked<Row, Value>) => number

/** Downwards. As plain numbers, so that fifty thousand rows are sorted in some milliseconds. */
function byNumber<Row>(rows: readonly Row[], column: Field<Row>, sign: number, ties: Ties<Row>): Row[] {
  const ranked = rows.map((row): Ranked<Row, number> => {
    const found = column.value(row)
    return { row, rank: found === null ? Infinity : -sign * Number(found), key: null }
  })
  // the difference of two infinities is no number, and as good as none
  return ranked.sort((a, b) => a.rank - b.rank || ties(a, b)).map(({ row }) => row)
}

function byText<Row>(rows: readonly Row[], column: Field<Row>, sign: number, ties: Ties<Row>): Row[] {
  const ranked = rows.map((row): Ranked<Row, Value> => ({ row, rank: column.value(row), key: null }))
  return ranked
    .sort((a, b) => {
      if (a.rank === b.rank) return ties(a, b)
      if (a.rank === null || b.rank === null) return a.rank === null ? 1 : -1
      return a.rank < b.rank ? -sign : sign
    })
    .map(({ row }) => row)
}

function byKey<Row>(table: Table<Row>): Ties<Row> {
  return (a, b) => {
    a.key ??= table.key(a.row)
    b.key ??= table.key(b.row)
    return a.key === b.key ? 0 : a.key < b.key ? -1 : 1
  }
}

/** How rows are seen: what is filtered depends on it. */
export interface Sight {
  /** Names instead of addresses; null: none. */
  readonly names: Names | null
  /** In ASCII alone. */
  readonly ascii: boolean
}

const PLAIN_SIGHT: Sight = { names: null, ascii: false }

/**
 * The rows with `text` (case ignored) in one of their text columns, or in a name shown there, or as one of their whole
 * numbers; all where it is empty. Text is found as it is, and as it is seen: with `?` for what is not shown, and an accent
 * the same whether it is a part of its letter or a mark behind it.
 */
export function filterRows<Row>(
  table: Table<Row>,
  rows: readonly Row[],
  text: string,
  sight: Sight = PLAIN_SIGHT,
): readonly Row[] {
  const wanted = composed(text.trim())
  if (wanted === '') return rows
  const pattern = new RegExp(wanted.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'iu')
  const number = /^\d+$/.test(wanted) ? Number(wanted) : null
  const columns = table.columns.filter(({ unit }) => unit === 'text' || (unit === 'number' && number !== null))
  return rows.filter(row => columns.some(column => matches(column, row, pattern, number, sight)))
}

function matches<Row>(
  column: Column<Row>,
  row: Row,
  pattern: RegExp,
  number: number | null,
  { names, ascii }: Sight,
): boolean {
  if (column.written !== undefined && isFound(column.written(row), '', pattern, ascii)) return true
  if (names !== null && column.named !== undefined && isFound(column.named(row, names), '', pattern, ascii)) return true
  const value = column.value(row)
  if (typeof value !== 'string') return number !== null && value === number
  return isFound(value, column.mark?.(row) ?? '', pattern, ascii)
}

function isFound(text: string, mark: string, pattern: RegExp, ascii: boolean): boolean {
  const plain = composed(text)
  if (pattern.test(plain)) return true
  const clean = sanitize(mark + text)
  const seen = composed(ascii ? toAscii(clean) : clean)
  return seen !== plain && pattern.test(seen)
}

/** From here on a text may have to be composed; to find out costs more than all else. */
const COMPOSABLE = /[\u0300-\uffff]/

/** Letters with their marks as one character, where there is one. */
function composed(text: string): string {
  return COMPOSABLE.test(text) ? text.normalize() : text
}

/** The column that a person means by `name`: an id, or a heading without its "/s", case ignored. */
export function findColumn<Row>(table: Table<Row>, name: string): Column<Row> | undefined {
  const wanted = name.toLowerCase()
  return (
    table.columns.find(c => c.id === wanted) ??
    table.columns.find(c => [c.title.toLowerCase(), c.title.toLowerCase().replace('/s', '')].includes(wanted))
  )
}
