/** A row that is remembered while its table has none: who it is, and not what it did in an interval that is over. */

import { filterRows, type Sight } from '../../table/arrange.ts'
import type { Column, Kind, Table, Value } from '../../table/table.ts'

export interface KeptRow {
  /** The row that it was made of, to know it again; its sample may be gone. */
  readonly row: unknown
  /** It had ended by then. */
  readonly isOver: boolean
  readonly key: string
  readonly pid: number | null
  /** Start of that process; null: not known. */
  readonly processStarted: number | null
  readonly identity: string
  /** By column id; null where a number was of its interval. */
  readonly values: ReadonlyMap<string, Value>
}

/** Kinds of what a row is, and not of what it did. */
const LASTING: readonly Kind[] = ['identity', 'text']

/** It ended, as it should. */
export function isOver(table: Table<unknown>, row: unknown): boolean {
  return table.ended?.(row) === true && table.failed?.(row) !== true
}

export function keptRow(table: Table<unknown>, row: unknown): KeptRow {
  const value = (column: Column<unknown>): Value =>
    table.past === true || LASTING.includes(column.kind) ? column.value(row) : null
  return {
    row,
    isOver: isOver(table, row),
    key: table.key(row),
    pid: table.pid?.(row) ?? null,
    processStarted: table.processStarted?.(row) ?? null,
    identity: table.identity?.(row) ?? table.key(row),
    values: new Map(table.columns.map(column => [column.id, value(column)])),
  }
}

/** A column for remembered rows. */
export function keptColumn({ named: _, mark: __, source: ___, ...column }: Column<unknown>): Column<KeptRow> {
  return { ...column, value: kept => kept.values.get(column.id) ?? null }
}

/** The text filter leaves the row in. */
export function isWanted(table: Table<unknown>, kept: KeptRow, filter: string, sight: Sight): boolean {
  const columns = table.columns.map(keptColumn)
  const asTable: Table<KeptRow> = {
    ...table,
    columns,
    key: row => row.key,
    pid: row => row.pid,
    ended: () => true,
  }
  return filterRows(asTable, [kept], filter, sight).length > 0
}
