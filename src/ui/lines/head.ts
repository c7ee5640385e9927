/** The main numbers above the overview: each with its graph over time, or with the sign of its direction. */

import { formatValue } from '../../table/format.ts'
import { fitText } from '../../text/text.ts'
import { headOfState } from '../state/layout.ts'
import type { State } from '../state/state.ts'
import type { Figure } from '../trend/figures.ts'
import { direction, graph } from '../trend/graph.ts'
import { GAP, type Head, TITLE_WIDTH, VALUE_WIDTH } from '../trend/head.ts'
import { type History, NO_HISTORY, series } from '../trend/history.ts'
import type { Item } from './items.ts'
import { fitLine, type Line, type Span, span } from './style.ts'

const DIRECTIONS = { up: '↑', down: '↓', level: ' ' } as const

/** Values that the direction is told from. */
const RECENT = 11

/** A key must not draw all graphs again: the lines of each sample are kept for the size that they were made for. */
const remembered = new WeakMap<History, { readonly columns: number; readonly head: Head; readonly lines: Line[] }>()

/** As many lines as the head has at this size, each as wide as the terminal. */
export function headLines(state: State): Line[] {
  const head = headOfState(state)
  const { columns } = state.size
  const history = state.shown?.history ?? NO_HISTORY
  const last = remembered.get(history)
  if (last !== undefined && last.columns === columns && last.head.lines.length === head.lines.length) return last.lines
  const lines = head.lines.map(figures => headLine(history, figures, head.graph, columns))
  remembered.set(history, { columns, head, lines })
  return lines
}

/** The same among other facts, where the head has no lines of its own. */
export function figureItems({ shown }: State, figures: readonly Figure[]): Item[] {
  if (shown === null) return []
  return figures.map(figure => ({
    rank: figure.rank,
    line: [span(`${figure.title} `, 'dim'), valueSpan(figure, shown.history, 0)],
  }))
}

function headLine(history: History, figures: readonly Figure[], width: number | null, columns: number): Line {
  const line: Span[] = [span(' ')]
  figures.forEach((figure, i) => {
    if (i > 0) line.push(span(' '.repeat(GAP)))
    line.push(span(`${fitText(figure.title, TITLE_WIDTH, 'left')} `, 'dim'), valueSpan(figure, history, VALUE_WIDTH))
    const past = series(history, figure.id, width ?? RECENT)
    const text = width === null ? DIRECTIONS[direction(past)] : graph(past, history.scales[figure.id], width)
    line.push(span(` ${text}`))
  })
  return fitLine(line, columns)
}

/** The newest value, in at least so many cells. */
function valueSpan({ id, unit, alarm }: Figure, history: History, width: number): Span {
  const value = series(history, id, 1)[0] ?? null
  const text = (value === null ? '-' : formatValue(value, unit)).padEnd(width)
  if (value === null) return span(text, 'dim')
  return span(text, alarm === true && value > 0 ? 'warning' : 'strong')
}
