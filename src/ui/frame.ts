/** The whole screen as lines, until Ink is there: those that src/ui/components make. */

import { footerLine } from './lines/footer.ts'
import { headerLines } from './lines/header.ts'
import { helpLines } from './lines/help.ts'
import { bandLines } from './lines/pane.ts'
import { promptLine } from './lines/prompt.ts'
import { type Line, paint } from './lines/style.ts'
import { tooSmallLines } from './lines/too-small.ts'
import { pageHeadLines } from './pages/lines.ts'
import { pickerLines } from './sort/picker.ts'
import { layout, tooSmall } from './state/layout.ts'
import type { State } from './state/state.ts'
import type { Palette } from './terminal/ability.ts'

/** As many as the terminal has rows, each as wide as the terminal, escape sequences included. */
export function frame(state: State, palette: Palette): string[] {
  return frameLines(state).map(line => paint(line, palette, state.ascii))
}

function frameLines(state: State): Line[] {
  const { size, help, picking, prompt } = state
  if (tooSmall(size)) return tooSmallLines(size)
  const last = prompt === null ? footerLine(state) : promptLine(prompt, size.columns)
  if (help !== null) return [...helpLines(state, help), last]
  if (picking !== null) return [...headerLines(state), ...pickerLines(state, picking), last]
  return [
    ...headerLines(state),
    ...pageHeadLines(state),
    ...layout(state).flatMap(band => bandLines(state, band)),
    last,
  ]
}
