/** How the export goes. */

import { cells, fitText, sanitize } from '../../text/text.ts'
import type { ExporterState, State } from '../state/state.ts'
import type { Item } from './items.ts'
import { fitLine, type Line, lineWidth, type Span, span } from './style.ts'

/** In `room` cells, where the reason may be cut; null where `elsewhere` has more room for it. */
export function exportBeside({ exporter }: State, room: number, elsewhere: number): Line | null {
  if (exporter === null) return null
  const details = exportDetails(exporter)
  const line: Line = [exportSpan(exporter), span(details === '' ? ' ' : ` ${details} `, 'dim')]
  if (lineWidth(line) <= room) return line
  return cells(exporter.state) > room || elsewhere > room ? null : fitLine(line, room)
}

/** Fewer cells of a reason say nothing. */
const LEAST_DETAILS = 8

/** The same among other facts, which leave it `room` cells: where it fails, that always stays; the reason is cut, or gives way. */
export function exportItems({ exporter }: State, room: number, gap: number): Item[] {
  if (exporter === null) return []
  const items: Item[] = [{ rank: exporter.reason === '' ? 2 : 0, line: [exportSpan(exporter)] }]
  const details = exportDetails(exporter)
  const width = Math.min(cells(details), room - cells(exporter.state) - gap)
  if (width >= LEAST_DETAILS) items.push({ rank: 8, line: [span(fitText(details, width, 'left'), 'dim')] })
  return items
}

/** Where it goes to, and why it fails. */
function exportDetails({ target, reason }: ExporterState): string {
  return [target, reason]
    .filter(text => text !== '')
    .map(sanitize)
    .join(' ')
}

function exportSpan({ state, reason }: ExporterState): Span {
  return span(sanitize(state), reason === '' ? 'accent' : 'alarm')
}
