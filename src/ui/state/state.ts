/** All that the screen shows is made of this state, and all keys and samples do is make the next one of it. */

import type { Names } from '../../names/names.ts'
import type { Host } from '../../session.ts'
import { findColumn } from '../../table/arrange.ts'
import type { Table } from '../../table/table.ts'
import { type Grouping, groupTables } from '../../tracers/connections/groups/table.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { stuckTable } from '../../tracers/in-flight/stuck.ts'
import { processTable } from '../../tracers/processes/table.ts'
import { OVERVIEW, registry } from '../../tracers/registry.ts'
import { type Page, pageTables, sectionsOf } from '../pages/page.ts'
import type { EditedLine } from '../prompt/line.ts'
import type { Moment } from './moment.ts'
import { fresh, type TableState } from './table-state.ts'

/** What the screen lists besides the tables: the connections in groups, */
export const GROUPS = 'groups'

/** The calls in flight that are stuck, above the tables of the overview. */
export const STUCK = stuckTable.name

/** Size of the terminal in cells. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

export type PromptKind = 'filter' | 'pids' | 'interval'

/** A line of text being typed at the foot of the screen. */
export interface Prompt {
  readonly kind: PromptKind
  readonly line: EditedLine
  /** Which of the texts entered before stands in its place, counted from the newest; null: none. */
  readonly recalled: number | null
  /** What was typed before one of them was fetched. */
  readonly draft: string
  /** Why the text cannot be accepted; null before Enter. */
  readonly problem: string | null
}

/** The screen stands still at `State.shown` while samples go on. */
export interface Pause {
  /** Samples that came since. */
  readonly samples: number
}

/** A sample that came late. */
export interface Late {
  readonly seconds: number
  /** Samples since. */
  readonly samples: number
}

/** How the export goes. */
export interface ExporterState {
  /** In two or three words. */
  readonly state: string
  /** Where it goes to; '' for nowhere. */
  readonly target: string
  /** Why it fails; '' while it does not. */
  readonly reason: string
}

export interface State {
  readonly host: Host
  readonly version: string
  readonly size: Size
  /** Time of the last key or sample: milliseconds of a clock that is never set. */
  readonly now: number
  /** The terminal shows ASCII alone. */
  readonly ascii: boolean
  /** One of the registry. */
  readonly view: string
  /** The table that the cursor keys act on in the overview. */
  readonly focus: string
  /** Of the tables that somebody has looked at, and of GROUPS: see `tableState`. */
  readonly tables: Readonly<Record<string, TableState>>
  /** What the connections are put together by; null: each is a row. */
  readonly grouping: Grouping | null
  /** What was opened, one out of the other, the last one on the screen; none: the view is. */
  readonly pages: readonly Page[]
  /** The sample on the screen; null before the first. */
  readonly shown: Moment | null
  /** The newest sample; differs from `shown` while paused. */
  readonly latest: Moment | null
  readonly pause: Pause | null
  /** Events lost since the screen opened. */
  readonly lost: number
  readonly filter: string
  /** Processes that the kernel side is told to trace; none: all. */
  readonly pids: readonly number[]
  /** Seconds. */
  readonly interval: number
  /** Seconds that a sample came late by, of late; null: they come in time. */
  readonly late: Late | null
  /** Longest that the interval under way may be, in seconds. */
  readonly expected: number
  /** This program comes before all ordinary processes; null: that it may not. */
  readonly realtime: boolean | null
  /** The samples are to say what the BPF programs cost. */
  readonly costing: boolean
  /** Waits that are idle by their nature are shown as well. */
  readonly idle: boolean
  /** Connections that closed are hidden. */
  readonly closedHidden: boolean
  /** Null: nothing is exported. */
  readonly exporter: ExporterState | null
  /** Names are wanted. */
  readonly naming: boolean
  /** Those known by now. */
  readonly names: Names | null
  readonly prompt: Prompt | null
  /** What was entered in the prompts, the newest first. */
  readonly entered: Readonly<Record<PromptKind, readonly string[]>>
  /** The marked one of the columns to sort by; null: nobody is about to pick one. */
  readonly picking: number | null
  /** First visible line of the help; null: no help. */
  readonly help: number | null
  /** One line for the user until the next key; '' if there is none. */
  readonly message: string
}

/** What the screen starts with. */
export interface Start {
  readonly host: Host
  readonly version: string
  readonly size: Size
  /** The terminal shows ASCII alone; absent: all of Unicode. */
  readonly ascii?: boolean
  readonly view: string
  /** Column id or heading to sort the opened view by; in the overview every table that has it. */
  readonly sort?: string | undefined
  readonly filter: string
  readonly pids: readonly number[]
  readonly interval: number
  /** As in `State`; absent: null. */
  readonly realtime?: boolean | null
  /** As in `State`. */
  readonly message?: string
}

/** The page on the screen; undefined: there is the view. */
export function topPage({ pages }: State): Page | undefined {
  return pages.at(-1)
}

/** The description of what is listed under a name. Its rows are only ever handed back to the same description. */
export function listedAs(state: State, name: string): Table<unknown> {
  if (name === STUCK) return stuckTable
  const table = name === GROUPS ? groupTables[state.grouping ?? 'remote'] : findTable(name)
  if (table === undefined) throw new RangeError(`no table ${name}`)
  return table
}

function findTable(name: string): Table<unknown> | undefined {
  return registry.find(name) ?? pageTables.find(table => table.name === name)
}

/** What stands in the place of a table: for the connections, groups of them where that is wanted. */
export function listFor(state: State, name: string): string {
  return name === connectionTable.name && state.grouping !== null && topPage(state) === undefined ? GROUPS : name
}

/** The names to write instead of addresses; null where they are not wanted. */
export function namesIn(state: State): Names | null {
  return state.naming ? state.names : null
}

/** The names of the tables that are on the screen. */
export function tablesInSight(state: State): readonly string[] {
  const page = topPage(state)
  return page === undefined ? registry.shownIn(state.view) : sectionsOf(page.what)
}

/** The connections can be put in groups. */
export function showsConnections(state: State): boolean {
  return topPage(state) === undefined && tablesInSight(state).includes(connectionTable.name)
}

export function initialState(start: Start): State {
  const {
    host,
    version,
    size,
    ascii = false,
    view,
    sort,
    filter,
    pids,
    interval,
    realtime = null,
    message = '',
  } = start
  const sorted = sort === undefined ? [] : registry.tables.filter(({ name }) => view === OVERVIEW || view === name)
  const tables = sorted.flatMap(table => {
    const column = findColumn(table, sort ?? '')?.id
    return column === undefined ? [] : [[table.name, fresh(column)] as const]
  })
  return {
    host,
    version,
    size,
    now: 0,
    ascii,
    view,
    filter,
    pids,
    interval,
    focus: isInOverview(view) ? view : processTable.name,
    tables: Object.fromEntries(tables),
    grouping: null,
    pages: [],
    shown: null,
    latest: null,
    pause: null,
    lost: 0,
    late: null,
    expected: Infinity,
    realtime,
    costing: false,
    idle: false,
    closedHidden: false,
    exporter: null,
    naming: false,
    names: null,
    prompt: null,
    entered: { filter: [], pids: [], interval: [] },
    picking: null,
    help: null,
    message,
  }
}

/** The view is one of the tables of the overview. */
export function isInOverview(view: string): boolean {
  return registry.find(view)?.inOverview === true
}

/** Order, cursor and scroll position of what is listed under a name: on the page, or else in all views. */
export function tableState(state: State, name: string): TableState {
  return (topPage(state) ?? state).tables[name] ?? fresh(listedAs(state, name).defaultSort)
}

/** The state with one table's part changed. */
export function withTable(state: State, name: string, change: Partial<TableState>): State {
  const tables = { ...(topPage(state) ?? state).tables, [name]: { ...tableState(state, name), ...change } }
  return topPage(state) === undefined ? { ...state, tables } : withPage(state, { tables })
}

/** The state with the page on the screen changed. */
export function withPage(state: State, change: Partial<Page>): State {
  const page = topPage(state)
  return page === undefined ? state : { ...state, pages: state.pages.with(-1, { ...page, ...change }) }
}

/** The table that the keys act on. */
export function activeTable(state: State): string {
  const page = topPage(state)
  if (page !== undefined) return page.focus
  return listFor(state, state.view === OVERVIEW ? state.focus : state.view)
}
