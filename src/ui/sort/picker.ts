/** The list of columns to sort by, in the place of the tables. */

import { sanitize } from '../../text/text.ts'
import { fitLine, type Line, span } from '../lines/style.ts'
import { headerHeight } from '../state/layout.ts'
import { activeTable, listedAs, type State, tableState } from '../state/state.ts'
import { columnsInSight, columnsOf } from './sort.ts'

/** Cells of a heading, and of the name of a field. */
const TITLE = 12
const ID = 24

/** As many lines as there are between the header and the footer. */
export function pickerLines(state: State, picking: number): Line[] {
  const { columns: width, rows } = state.size
  const name = activeTable(state)
  const { order } = tableState(state, name)
  const inSight = new Set(columnsInSight(state, name))
  const height = rows - headerHeight(state) - 1
  const columns = columnsOf(state)
  const room = height - 1
  const top = Math.max(0, Math.min(columns.length - room, picking - Math.floor(room / 2)))
  const title = ` Sort ${sanitize(listedAs(state, name).title).toLowerCase()} by`
  const lines: Line[] = [fitLine([span(title, 'heading')], width, 'heading')]
  for (const [i, { id, title: heading, unit, meaning }] of columns.entries()) {
    if (i < top || lines.length > room) continue
    const mark = id !== order.column ? ' ' : (unit === 'text') === order.reversed ? '▼' : '▲'
    const hint = inSight.has(id) ? '' : 'out of sight'
    const text = `${i === picking ? '>' : ' '}${(heading + mark).padEnd(TITLE)} ${id.padEnd(ID)} ${meaning ?? hint}`
    lines.push(fitLine([span(text, i === picking ? 'selected' : inSight.has(id) ? 'plain' : 'dim')], width))
  }
  while (lines.length < height) lines.push(fitLine([], width))
  return lines
}
