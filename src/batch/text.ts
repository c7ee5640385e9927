/** Plain text tables: as on the screen, with every column and row and without colours. */

import type { Lost, Sample } from '../sample/sample.ts'
import { alignment, formatCell } from '../table/format.ts'
import type { Table } from '../table/table.ts'
import { cells, fitText } from '../text/text.ts'
import { type Arrangement, arrange } from './rows.ts'

const GAP = '  '

/** One line about the sample: end and length of its interval, the pid filter, what was lost. */
export function textHeader(sample: Sample): string {
  const pids = sample.filter.pids.length === 0 ? 'all' : sample.filter.pids.join(',')
  return `${sample.time}  interval ${sample.interval_seconds.toFixed(3)}s  pids ${pids}  lost ${formatLost(sample.lost)}\n`
}

/** A table with its title and headings, and an empty line after it. */
export function formatTable<Row>(table: Table<Row>, sample: Sample, arrangement: Arrangement): string {
  const rows = arrange(table, sample.tables.of(table), arrangement)
  const columns = table.columns.map(column => {
    const texts = [column.title, ...rows.map(row => formatCell(column, row, sample))]
    const width = texts.reduce((widest, text) => Math.max(widest, cells(text)), 0)
    return texts.map(text => fitText(text, width, alignment(column.unit)))
  })
  const lines = [`${table.title} (${rows.length})`]
  for (let i = 0; i <= rows.length; i++)
    lines.push(
      columns
        .map(texts => texts[i])
        .join(GAP)
        .trimEnd(),
    )
  return `${lines.join('\n')}\n\n`
}

/** `none`, or how many events of which kind are in no row. */
export function formatLost(lost: Lost): string {
  const parts = Object.entries(lost).flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : []))
  return parts.length === 0 ? 'none' : parts.join(', ')
}
