/** The lines of one table. */

import { alignment, formatCell, type Reading } from '../../table/format.ts'
import type { Column } from '../../table/table.ts'
import { fitText } from '../../text/text.ts'
import { isOver, keptColumn } from '../state/kept.ts'
import type { Band, Pane } from '../state/layout.ts'
import { cursorIndex, type Listing, listing, placeCount, placesFrom } from '../state/listing.ts'
import { activeTable, namesIn, type State, tableState } from '../state/state.ts'
import type { TableState } from '../state/table-state.ts'
import { NEWS } from '../trend/errors.ts'
import { type FittedColumn, fitColumns, GUTTER } from './columns.ts'
import { emptyText } from './empty.ts'
import { fitLine, type Line, type Span, span, spread, type Tone } from './style.ts'

/** Text of the gutter in front of the selected row: it marks the row where there are no colours. */
const CURSOR = '>'

/** The same, while the selected row is absent. */
const ABSENT = '~'

/** Line by line from left to right over the panes of a band, which are of one height. */
export function bandLines(state: State, band: Band): Line[] {
  const [first = [], ...beside] = band.map(pane => paneLines(state, pane))
  return first.map((line, i) => [...line, ...beside.flatMap(lines => [span(' '), ...(lines[i] ?? [])])])
}

/** Exactly `pane.height` lines of exactly `pane.width` cells. */
function paneLines(state: State, pane: Pane): Line[] {
  const shown = listing(state, pane.table)
  const table = tableState(state, pane.table)
  const columns = fitColumns(shown.table.columns, pane.width, table.pinned, shown.isWorthIt)
  const active = activeTable(state) === pane.table
  const lines: Line[] = []
  if (pane.titled) lines.push(title(state, pane, shown, active))
  lines.push(heading(columns, table, pane.width, active))

  if (placeCount(state, pane.table) === 0) {
    lines.push(fitLine([span(` ${emptyText(state, pane.table)}`, 'dim')], pane.width))
  }
  const selected = active ? cursorIndex(state, pane.table) : -1
  if (state.shown !== null) {
    const { interval_seconds, sources } = state.shown.sample
    const reading: Reading = { interval_seconds, sources, names: namesIn(state) }
    placesFrom(state, pane.table, table.top, pane.rows).forEach((place, i) => {
      const isSelected = table.top + i === selected
      if ('absent' in place) {
        const kept = columns.map(({ column, width }) => ({ column: keptColumn(column), width }))
        lines.push(rowLine(kept, place.absent, reading, pane.width, isSelected ? 'absent' : 'dim'))
        return
      }
      const isNews = shown.isNews(place.row)
      const dimmed = isOver(shown.table, place.row) || (!isNews && shown.table.daily?.(place.row) === true)
      const tone = isSelected ? 'selected' : dimmed ? 'dim' : 'plain'
      lines.push(rowLine(columns, place.row, reading, pane.width, tone, isNews ? NEWS : ' '))
    })
  }
  while (lines.length < pane.height) lines.push([span(' '.repeat(pane.width))])
  return lines.slice(0, pane.height)
}

/** Name of the table, and at the right which of its rows are in sight. */
function title(state: State, pane: Pane, { table, rows, all, hidden }: Listing, active: boolean): Line {
  const { top } = tableState(state, pane.table)
  const last = Math.min(rows.length, top + pane.rows)
  const range = rows.length > pane.rows ? `${top + 1}-${last} of ${rows.length}` : `${rows.length}`
  const filtered = rows.length < all ? ` (${all} without the filter)` : ''
  const idle = hidden > 0 ? `, ${hidden} ${table.lingering === true ? 'closed' : 'idle'} hidden` : ''
  const name = ` ${table.title}`
  const count = state.shown === null ? '' : `${range}${filtered}${idle} `
  return spread([span(name, active ? 'strong' : 'plain')], [span(count, 'dim')], pane.width)
}

function heading(columns: readonly FittedColumn<unknown>[], table: TableState, width: number, active: boolean): Line {
  const tone: Tone = active ? 'heading' : 'idle'
  const line: Span[] = [span(' '.repeat(GUTTER), tone)]
  columns.forEach(({ column, width: columnWidth }, i) => {
    if (i > 0) line.push(span(' ', tone))
    const sorted = column.id === table.order.column
    const text = sorted ? column.title + sortMark(column, table.order.reversed) : column.title
    line.push(span(fitText(text, columnWidth, alignment(column.unit)), sorted && active ? 'sorted' : tone))
  })
  return fitLine(line, width, tone)
}

/** Which way the values run from the top down. */
function sortMark(column: Column<unknown>, reversed: boolean): string {
  const downwards = column.unit !== 'text'
  return downwards !== reversed ? '▼' : '▲'
}

/** With as few changes of tone as there can be, each being an escape sequence: what is between two cells has none. */
function rowLine<Row>(
  columns: readonly FittedColumn<Row>[],
  row: Row,
  reading: Reading,
  width: number,
  rowTone: Tone,
  mark = ' ',
): Line {
  const line: Span[] = []
  let text = rowTone === 'selected' ? CURSOR : rowTone === 'absent' ? ABSENT : mark
  let tone = rowTone
  let left = width - GUTTER
  for (const { column, width: columnWidth } of columns) {
    if (left < width - GUTTER) {
      text += ' '
      left--
    }
    const cell = formatCell(column, row, reading)
    const cellTone = rowTone === 'plain' ? toneOf(column, row, cell) : rowTone
    if (cellTone !== tone) {
      line.push(span(text, tone))
      text = ''
      tone = cellTone
    }
    text += fitText(cell, columnWidth, alignment(column.unit), column.cut)
    left -= columnWidth
  }
  if (left < 0) return fitLine([...line, span(text, tone)], width)
  if (tone === rowTone) return [...line, span(text + ' '.repeat(left), tone)]
  return [...line, span(text, tone), span(' '.repeat(left), rowTone)]
}

/** What is zero or unknown recedes, what is bad news stands out. */
function toneOf<Row>(column: Column<Row>, row: Row, text: string): Tone {
  if (text === '-' || (column.unit !== 'number' && (text === '0' || text === '0ns'))) return 'dim'
  if (column.alarm !== true) return 'plain'
  const value = column.value(row)
  return typeof value === 'string' || Number(value) > 0 ? 'warning' : 'plain'
}
