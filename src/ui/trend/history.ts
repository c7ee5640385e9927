/** The main numbers of the last samples. */

import { FIGURES, type Figure, type FigureId, type Values } from './figures.ts'
import { nextScale } from './scale.ts'

/** So many samples are kept: twenty minutes at one a second. */
export const MOST_POINTS = 1200

/** Widest graph in samples, which is what its scale goes by. */
export const WIDEST_GRAPH = 80

interface Point {
  readonly values: Values
  /** The processes that were watched: what others did is no part of the same graph. */
  readonly pids: string
}

export interface History {
  /** The newest last. */
  readonly points: readonly Point[]
  /** What fills the graph of each figure. */
  readonly scales: Readonly<Record<FigureId, number>>
}

export const NO_HISTORY: History = { points: [], scales: eachFigure(({ least }) => least) }

/** With one more sample. */
export function withValues({ points, scales }: History, values: Values, pids: readonly number[]): History {
  const more = [...points.slice(-MOST_POINTS + 1), { values, pids: pids.join() }]
  const next: History = { points: more, scales }
  return {
    points: more,
    scales: eachFigure(({ id, least }) => nextScale(scales[id], highest(series(next, id, WIDEST_GRAPH)), least)),
  }
}

/** The newest `count` values of a figure, the newest last; null where it was not measured, or others were watched. */
export function series({ points }: History, id: FigureId, count: number): (number | null)[] {
  const watched = points.at(-1)?.pids
  return points.slice(-count).map(({ values, pids }) => (pids === watched ? values[id] : null))
}

function highest(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
}

function eachFigure(value: (figure: Figure) => number): Record<FigureId, number> {
  const record = { calls: 0, errors: 0, p99: 0, stuck: 0, received: 0, sent: 0, opened: 0, failed: 0 }
  for (const figure of FIGURES) record[figure.id] = value(figure)
  return record
}
