/** How the main numbers stand above the overview, by the size of the terminal. */

import { FIGURES, type Figure } from './figures.ts'
import { WIDEST_GRAPH } from './history.ts'

/** Cells of a title and of a value; behind the value is the sign of its direction, or its graph. */
export const TITLE_WIDTH = 8
export const VALUE_WIDTH = 7

/** Cells from the beginning of a figure to where its graph begins, or its sign is. */
const PLAIN_WIDTH = TITLE_WIDTH + 1 + VALUE_WIDTH + 1

/** Cells between two figures. */
export const GAP = 2

/** Cells at both ends of a line. */
const AROUND = 2

/** From this size on there are graphs, and from this height on they are so wide that there are two in a line. */
const GRAPHS = { columns: 120, rows: 24 }
const LONG_GRAPHS_ROWS = 36

/** Figures in a line, where there is room. */
const IN_LINE = 4

/** Lines, where there is room for that many. */
const LINES = 2

export interface Head {
  /** From the top down, each from left to right. */
  readonly lines: readonly (readonly Figure[])[]
  /** Cells of a graph; null: there are none, but signs of the direction. */
  readonly graph: number | null
}

export const NO_HEAD: Head = { lines: [], graph: null }

/** All figures where there is room for them; those of the highest rank give way. */
export function headOf({ columns, rows }: { readonly columns: number; readonly rows: number }): Head {
  if (rows < GRAPHS.rows) return NO_HEAD
  const room = columns - AROUND
  if (columns < GRAPHS.columns) {
    const inLine = Math.min(IN_LINE, Math.floor((room + GAP) / (PLAIN_WIDTH + 1 + GAP)))
    return { lines: inLines(mostImportant(inLine * LINES), inLine), graph: null }
  }
  const inLine = rows < LONG_GRAPHS_ROWS ? IN_LINE : IN_LINE / 2
  const width = Math.floor((room - GAP * (inLine - 1)) / inLine) - PLAIN_WIDTH
  return { lines: inLines(FIGURES, inLine), graph: Math.min(WIDEST_GRAPH, width) }
}

function mostImportant(count: number): readonly Figure[] {
  const kept = FIGURES.toSorted((a, b) => a.rank - b.rank).slice(0, count)
  return FIGURES.filter(figure => kept.includes(figure))
}

function inLines(figures: readonly Figure[], inLine: number): Figure[][] {
  const lines: Figure[][] = []
  for (let from = 0; from < figures.length; from += inLine) lines.push(figures.slice(from, from + inLine))
  return lines
}
