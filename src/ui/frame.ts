/** The whole screen as parts made of lines of text. */

import type { Palette } from './ability.ts'
import { footerLine } from './footer.ts'
import { headerLines } from './header.ts'
import { helpLines } from './help.ts'
import { type Band, LEAST, layout, tooSmall } from './layout.ts'
import { paneLines } from './pane.ts'
import type { State } from './state.ts'
import { fitLine, type Line, paint, span } from './style.ts'

/** What stands together on the screen: lines from the top down, escape sequences included. */
export interface Part {
  /** No two parts of a frame have the same. */
  readonly name: string
  readonly lines: readonly string[]
}

/** The parts from the top down: together as many lines as the terminal has rows, each as wide as the terminal. */
export function frame(state: State, palette: Palette): Part[] {
  const part = (name: string, lines: readonly Line[]): Part => ({ name, lines: painted(lines, palette, state.ascii) })
  if (tooSmall(state.size)) return [part('notice', tooSmallLines(state))]
  const footer = part('footer', [footerLine(state)])
  if (state.help !== null) return [part('help', helpLines(state, state.help)), footer]
  const tables = layout(state).map(band => bandPart(state, band, palette))
  return [part('header', headerLines(state)), ...tables, footer]
}

/** Line by line from left to right over the panes of a band, which are of one height. */
function bandPart(state: State, band: Band, palette: Palette): Part {
  const [first = [], ...beside] = band.map(pane => painted(paneLines(state, pane), palette, state.ascii))
  return {
    name: band.map(pane => pane.table).join(' and '),
    lines: first.map((line, i) => [line, ...beside.map(lines => lines[i])].join(' ')),
  }
}

function painted(lines: readonly Line[], palette: Palette, ascii: boolean): string[] {
  return lines.map(line => paint(line, palette, ascii))
}

function tooSmallLines({ size }: State): Line[] {
  const notice = `terminal too small (${size.columns}x${size.rows}, needs ${LEAST.columns}x${LEAST.rows})`
  return Array.from({ length: size.rows }, (_, i) => fitLine([span(i === 0 ? notice : '')], size.columns))
}
