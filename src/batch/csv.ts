/** Comma-separated values as in RFC 4180, with line feeds between the records. */

import type { Sample } from '../sample/sample.ts'
import { measured } from '../table/format.ts'
import { PORTION } from '../table/slices.ts'
import type { Table, Value } from '../table/table.ts'
import { type Arrangement, arrange } from './rows.ts'

/** The heading: the moment and length of the sample's interval, then the table's column ids. */
export function csvHeader<Row>(table: Table<Row>): string {
  return record(['time', 'interval_seconds', ...table.columns.map(column => column.id)])
}

/**
 * A record for each row, in parts: exact numbers of the interval, durations in nanoseconds, nothing where there is no value.
 * @param written how text is written: as it is, if nothing else is said
 */
export function* formatCsv<Row>(
  table: Table<Row>,
  sample: Sample,
  arrangement: Arrangement,
  written: (text: string) => string = text => text,
): Generator<string, void> {
  const rows = arrange(table, sample.tables.of(table), arrangement)
  for (let i = 0; i < rows.length; i += PORTION) {
    yield rows
      .slice(i, i + PORTION)
      .map(row => [sample.time, sample.interval_seconds, ...valuesOf(table, row, sample)])
      .map(values => record(values.map(value => (typeof value === 'string' ? written(value) : value))))
      .join('')
  }
}

function valuesOf<Row>(table: Table<Row>, row: Row, { sources }: Sample): Value[] {
  return table.columns.map(column => measured(column, row, sources))
}

function record(values: readonly Value[]): string {
  return `${values.map(field).join(',')}\n`
}

/** Text is quoted where it holds anything that a reader could take for something else. */
function field(value: Value): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  return /^$|[",\s\p{C}]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
