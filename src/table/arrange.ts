import type { Column, Table, Value } from './table.ts'

export interface Order {
  /** Column id. */
  readonly column: string
  /** False: the column's natural order, numbers downwards and text upwards. */
  readonly reversed: boolean
}

/** Sorted copy; rows that compare equal keep a steady order by their key, so that the screen does not flicker. */
export function sortRows<Row>(table: Table<Row>, rows: readonly Row[], order: Order): Row[] {
  const column = table.columns.find(c => c.id === order.column)
  if (column === undefined) return [...rows]
  return rows
    .map(row => ({ row, value: column.value(row), key: table.key(row) }))
    .sort((a, b) => compare(a.value, b.value, order.reversed) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(entry => entry.row)
}

/** Numbers downwards, text upwards, or the other way round; what has no value is last either way. */
function compare(a: Value, b: Value, reversed: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  const sign = reversed ? -1 : 1
  if (typeof a === 'string' && typeof b === 'string') return sign * (a < b ? -1 : a > b ? 1 : 0)
  return sign * (Number(b) - Number(a))
}

/** The rows with `text` (case ignored) in one of their text columns or as one of their whole numbers; all where it is empty. */
export function filterRows<Row>(table: Table<Row>, rows: readonly Row[], text: string): readonly Row[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return rows
  return rows.filter(row => table.columns.some(column => matches(column, row, wanted)))
}

function matches<Row>(column: Column<Row>, row: Row, wanted: string): boolean {
  const value = column.value(row)
  if (column.unit === 'text') return typeof value === 'string' && value.toLowerCase().includes(wanted)
  return column.unit === 'number' && String(value) === wanted
}

/** The column that a person means by `name`: an id, or a heading without its "/s", case ignored. */
export function findColumn<Row>(table: Table<Row>, name: string): Column<Row> | undefined {
  const wanted = name.toLowerCase()
  return (
    table.columns.find(c => c.id === wanted) ??
    table.columns.find(c => [c.title.toLowerCase(), c.title.toLowerCase().replace('/s', '')].includes(wanted))
  )
}
