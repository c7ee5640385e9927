/** Where the tables lie on the screen. */

import { OVERVIEW, registry } from '../../tracers/registry.ts'
import { type Head, headOf, NO_HEAD } from '../trend/head.ts'
import { listFor, type Size, type State, tableState } from './state.ts'

/** Below this the screen only says that it is too small. */
export const LEAST: Size = { columns: 60, rows: 10 }

/** From this width on the overview has syscalls and processes side by side. */
export const WIDE = 180

/** From this height on the header names the host, and the tables have titles. */
export const TALL = 20

/** Widest useful table of syscalls, when it shares the width with the processes. */
const SYSCALLS_WIDTH = 80

/** Cells between two tables side by side. */
const BETWEEN = 1

/** Fewest rows that a table of the overview gets. */
const LEAST_ROWS = 1

export interface Pane {
  readonly table: string
  readonly width: number
  /** Lines, with title and heading. */
  readonly height: number
  readonly titled: boolean
  /** Rows it has room for. */
  readonly rows: number
}

/** Panes side by side, of one height. */
export type Band = readonly Pane[]

export function tooSmall(size: Size): boolean {
  return size.columns < LEAST.columns || size.rows < LEAST.rows
}

/** The main numbers over time: the overview begins with them. */
export function headOfState({ size, view }: State): Head {
  return view === OVERVIEW ? headOf(size) : NO_HEAD
}

/** Lines of the header: facts, the main numbers, the tabs. */
export function headerHeight(state: State): number {
  return (state.size.rows >= TALL ? 3 : 2) + headOfState(state).lines.length
}

/** The bands of tables between header and footer, from the top. */
export function layout(state: State): readonly Band[] {
  const { size, view } = state
  const height = size.rows - headerHeight(state) - 1
  const titled = size.rows >= TALL
  const overhead = titled ? 2 : 1
  const pane = (table: string, width: number, lines: number): Pane => ({
    table: listFor(state, table),
    width,
    height: lines,
    titled,
    rows: Math.max(0, lines - overhead),
  })
  if (view !== OVERVIEW) return [[pane(view, size.columns, height)]]

  const bands: readonly (readonly string[])[] =
    size.columns >= WIDE ? [['syscalls', 'processes'], ['connections']] : registry.overview.map(({ name }) => [name])
  const needs = bands.map(
    names => overhead + Math.max(LEAST_ROWS, ...names.map(name => tableState(state, listFor(state, name)).need)),
  )
  const heights = shareHeight(needs, height, overhead + LEAST_ROWS)
  return bands.map((names, i) => {
    const lines = heights[i] ?? 0
    const [only, beside] = names
    if (only === undefined) return []
    if (beside === undefined) return [pane(only, size.columns, lines)]
    const left = Math.min(SYSCALLS_WIDTH, Math.floor(size.columns / 2))
    return [pane(only, left, lines), pane(beside, size.columns - left - BETWEEN, lines)]
  })
}

/**
 * Shares `height` lines out: each gets what it needs as long as that is not more than its fair share; what the modest
 * ones leave goes to the others, and what nobody needs to the last.
 */
export function shareHeight(needs: readonly number[], height: number, least: number): number[] {
  const heights = needs.map(() => Math.min(least, Math.floor(height / needs.length)))
  let left = height - heights.reduce((sum, lines) => sum + lines, 0)
  let given = true
  while (left > 0 && given) {
    given = false
    needs.forEach((need, i) => {
      const has = heights[i] ?? 0
      if (left <= 0 || has >= need) return
      heights[i] = has + 1
      left -= 1
      given = true
    })
  }
  const last = heights.length - 1
  if (last >= 0) heights[last] = (heights[last] ?? 0) + left
  return heights
}

/**
 * Rows to make room for, given those of the sample and those made room for until now: it grows at once and shrinks
 * only when half of the room is free, so that a few rows that come and go do not make the tables jump.
 */
export function rowsNeeded(rows: number, until: number): number {
  return rows > until || rows < until / 2 ? rows : until
}
