/** Where the tables lie on the screen. */

import { OVERVIEW, registry } from '../../tracers/registry.ts'
import { type Page, sectionsOf } from '../pages/page.ts'
import { type Head, headOf, NO_HEAD } from '../trend/head.ts'
import { series } from '../trend/history.ts'
import { listedAs, listFor, type Size, STUCK, type State, tableState, topPage } from './state.ts'

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
export function headOfState({ size, view, pages }: State): Head {
  return view === OVERVIEW && pages.length === 0 ? headOf(size) : NO_HEAD
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
  const page = topPage(state)
  if (page !== undefined) return pageBands(state, page, height - pageHeadHeight(state), overhead, pane)
  if (view !== OVERVIEW) return [[pane(view, size.columns, height)]]

  const stuck = stuckRows(state)
  const above = stuck === 0 ? 0 : stuck + overhead
  const bands: readonly (readonly string[])[] =
    size.columns >= WIDE ? [['syscalls', 'processes'], ['connections']] : registry.overview.map(({ name }) => [name])
  const needs = bands.map(
    names => overhead + Math.max(LEAST_ROWS, ...names.map(name => tableState(state, listFor(state, name)).need)),
  )
  const heights = shareHeight(needs, height - above, overhead + LEAST_ROWS)
  const below = bands.map((names, i) => {
    const lines = heights[i] ?? 0
    const [only, beside] = names
    if (only === undefined) return []
    if (beside === undefined) return [pane(only, size.columns, lines)]
    const left = Math.min(SYSCALLS_WIDTH, Math.floor(size.columns / 2))
    return [pane(only, left, lines), pane(beside, size.columns - left - BETWEEN, lines)]
  })
  return above === 0 ? below : [[pane(STUCK, size.columns, above)], ...below]
}

/** Most rows of stuck calls, from which height on; below that the tab alone tells of them. */
const MOST_STUCK = [
  { rows: 36, most: 5 },
  { rows: 24, most: 2 },
  { rows: TALL, most: 1 },
] as const

/** Samples in which there must have been none before their place goes. */
const CALM = 5

/** Rows for calls that are stuck, in the overview; 0: there are none, nor were there any just now. */
export function stuckRows({ view, size, shown }: State): number {
  const most = view === OVERVIEW ? (MOST_STUCK.find(({ rows }) => size.rows >= rows)?.most ?? 0) : 0
  if (most === 0 || shown === null) return 0
  return Math.min(most, Math.max(...series(shown.history, 'stuck', CALM).map(count => count ?? 0)))
}

/** The tables of the overview, from the top down. */
export function overviewNames(state: State): string[] {
  const names = registry.overview.map(({ name }) => name)
  return stuckRows(state) > 0 ? [STUCK, ...names] : names
}

/** From this height on a page says more in front of its tables. */
const VERY_TALL = 35

/** Least width of a field and its value, and what is between two of them. */
const FIELD_WIDTH = 34

/** Fields beside each other on the page of a row. */
export function fieldColumns({ columns }: Size): number {
  return Math.max(1, Math.floor(columns / FIELD_WIDTH))
}

/** Lines of what a page says of its subject itself. */
export function subjectHeight(state: State): number {
  const { size } = state
  const what = topPage(state)?.what
  if (what === undefined) return 0
  const room = size.rows < TALL ? 1 : size.rows >= VERY_TALL && size.columns < WIDE ? 4 : 3
  switch (what.kind) {
    case 'process':
      return room
    case 'call':
      return Math.min(room, 2)
    case 'group':
      return 0
    case 'row': {
      const fields = Math.ceil(listedAs(state, what.table).columns.length / fieldColumns(size))
      const sections = sectionsOf(what).length * (size.rows >= TALL ? 3 : 2)
      return Math.max(1, Math.min(fields, size.rows - headerHeight(state) - 2 - sections))
    }
  }
}

/** The same with the line of its sections. */
export function pageHeadHeight(state: State): number {
  return topPage(state) === undefined ? 0 : subjectHeight(state) + 1
}

/** The sections that have rows, and the one in focus, as many as there is room for; two beside each other on a wide screen. */
function pageBands(
  state: State,
  { what, focus }: Page,
  height: number,
  overhead: number,
  pane: (table: string, width: number, lines: number) => Pane,
): readonly Band[] {
  const { columns } = state.size
  const sections = sectionsOf(what).filter(name => name === focus || tableState(state, name).need > 0)
  const abreast = columns >= WIDE ? 2 : 1
  const all = Array.from({ length: Math.ceil(sections.length / abreast) }, (_, i) =>
    sections.slice(i * abreast, (i + 1) * abreast),
  )
  const least = overhead + LEAST_ROWS
  const most = Math.max(1, Math.floor(height / least))
  const inFocus = all.findIndex(names => names.includes(focus))
  const from = Math.max(0, Math.min(inFocus, all.length - most))
  const bands = all.slice(from, from + most)
  const needs = bands.map(names => overhead + Math.max(LEAST_ROWS, ...names.map(name => tableState(state, name).need)))
  const heights = shareHeight(needs, height, least)
  return bands.map(([left = focus, right], i) => {
    const lines = heights[i] ?? 0
    if (right === undefined) return [pane(left, columns, lines)]
    const width = Math.floor((columns - BETWEEN) / 2)
    return [pane(left, width, lines), pane(right, columns - width - BETWEEN, lines)]
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
