/** The whole screen as lines of text. */

import { footerLine } from './footer.ts'
import { headerLines } from './header.ts'
import { helpLines } from './help.ts'
import { type Band, LEAST, layout, tooSmall } from './layout.ts'
import { paneLines } from './pane.ts'
import type { State } from './state.ts'
import { fitLine, type Line, type Palette, paint, span } from './style.ts'

/** Exactly as many lines as the terminal has rows, none wider than the terminal, escape sequences included. */
export function frame(state: State, palette: Palette): string[] {
  return lines(state).map(line => paint(line, palette))
}

function lines(state: State): Line[] {
  if (tooSmall(state.size)) return tooSmallLines(state)
  const footer = footerLine(state)
  if (state.help !== null) return [...helpLines(state, state.help), footer]
  return [...headerLines(state), ...layout(state).flatMap(band => bandLines(state, band)), footer]
}

/** Line by line from left to right over the panes of a band. */
function bandLines(state: State, band: Band): Line[] {
  const panes = band.map(pane => paneLines(state, pane))
  const height = Math.max(0, ...panes.map(each => each.length))
  return Array.from({ length: height }, (_, i) =>
    panes.flatMap((each, n): Line => [...(n === 0 ? [] : [span(' ')]), ...(each[i] ?? [])]),
  )
}

function tooSmallLines({ size }: State): Line[] {
  const notice = `terminal too small (${size.columns}x${size.rows}, needs ${LEAST.columns}x${LEAST.rows})`
  return Array.from({ length: size.rows }, (_, i) => fitLine([span(i === 0 ? notice : '')], size.columns))
}
