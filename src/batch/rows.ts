import { filterRows, findColumn, sortRows } from '../table/arrange.ts'
import type { Table } from '../table/table.ts'

/** Which rows are printed, and in which order. */
export interface Arrangement {
  /** Column id or heading; null, or one that a table does not have: the table's own order. */
  readonly sort: string | null
  /** Only rows with this text; empty: all. */
  readonly filter: string
}

/** `rows` of `table` as they are to be printed. */
export function arrange<Row>(table: Table<Row>, rows: readonly Row[], { sort, filter }: Arrangement): readonly Row[] {
  const column = sort === null ? undefined : findColumn(table, sort)
  return sortRows(table, filterRows(table, rows, filter), { column: column?.id ?? table.defaultSort, reversed: false })
}
