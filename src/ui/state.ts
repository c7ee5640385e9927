/** All that the screen shows is made of this state, and all keys and samples do is make the next one of it. */

import type { Sample } from '../sample/sample.ts'
import type { Host } from '../session.ts'
import { findColumn, type Order } from '../table/arrange.ts'
import { TABLE_NAMES, type Table, type TableName } from '../table/table.ts'
import { tables } from '../table/tables.ts'

export const VIEWS = ['overview', ...TABLE_NAMES] as const
export type View = (typeof VIEWS)[number]

/** Size of the terminal in cells. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Order, cursor and scroll position of one table; they outlast a change of the view. */
export interface TableState {
  readonly order: Order
  /** Key of the row that the cursor follows; null: it stays at `index`. */
  readonly key: string | null
  readonly index: number
  /** Index of the first visible row. */
  readonly top: number
  /** Rows to make room for in the overview. */
  readonly need: number
}

export type PromptKind = 'filter' | 'pids' | 'interval'

/** A line of text being typed at the foot of the screen. */
export interface Prompt {
  readonly kind: PromptKind
  readonly text: string
  /** Why the text cannot be accepted; null before Enter. */
  readonly problem: string | null
}

/** The screen stands still at `State.shown` while samples go on. */
export interface Pause {
  /** Samples that came since. */
  readonly samples: number
}

export interface State {
  readonly host: Host
  readonly version: string
  readonly size: Size
  readonly view: View
  /** The table that the cursor keys act on in the overview. */
  readonly focus: TableName
  readonly tables: Readonly<Record<TableName, TableState>>
  /** The sample on the screen; null before the first. */
  readonly shown: Sample | null
  /** The newest sample; differs from `shown` while paused. */
  readonly latest: Sample | null
  readonly pause: Pause | null
  /** Events lost since the screen opened. */
  readonly lost: number
  readonly filter: string
  /** Processes that the kernel side is told to trace; none: all. */
  readonly pids: readonly number[]
  /** Seconds. */
  readonly interval: number
  readonly exporter: string
  readonly prompt: Prompt | null
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
  readonly view: View
  /** Column id or heading to sort the opened view by; in the overview every table that has it. */
  readonly sort?: string | undefined
  readonly filter: string
  readonly pids: readonly number[]
  readonly interval: number
}

/** The description of a table. Its rows are only ever handed back to the same description. */
export function tableOf(name: TableName): Table<unknown> {
  return tables[name]
}

export function initialState(start: Start): State {
  const { host, version, size, view, sort, filter, pids, interval } = start
  const tableState = (name: TableName): TableState => {
    const opened = view === 'overview' || view === name
    const column = opened && sort !== undefined ? findColumn(tableOf(name), sort)?.id : undefined
    return {
      order: { column: column ?? tableOf(name).defaultSort, reversed: false },
      key: null,
      index: 0,
      top: 0,
      need: 0,
    }
  }
  return {
    host,
    version,
    size,
    view,
    filter,
    pids,
    interval,
    focus: view === 'overview' ? 'processes' : view,
    tables: {
      syscalls: tableState('syscalls'),
      connections: tableState('connections'),
      processes: tableState('processes'),
    },
    shown: null,
    latest: null,
    pause: null,
    lost: 0,
    exporter: '',
    prompt: null,
    help: null,
    message: '',
  }
}

/** The state with one table's part changed. */
export function withTable(state: State, name: TableName, change: Partial<TableState>): State {
  return { ...state, tables: { ...state.tables, [name]: { ...state.tables[name], ...change } } }
}

/** The table that the keys act on. */
export function activeTable(state: State): TableName {
  return state.view === 'overview' ? state.focus : state.view
}
