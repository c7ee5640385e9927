/** A page is about one thing - a process, a call, a row, a group - and lists what the tables have of it. */

import type { About } from '../../facts/about.ts'
import type { CallKey, ProcessKey, Table, Value } from '../../table/table.ts'
import type { Grouping } from '../../tracers/connections/groups/table.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { listenerTable } from '../../tracers/listeners/table.ts'
import { processTable } from '../../tracers/processes/table.ts'
import { registry } from '../../tracers/registry.ts'
import { durationTable } from '../../tracers/syscalls/duration-table.ts'
import { type CallScope, isOf, processCallTable } from '../../tracers/syscalls/process-calls.ts'
import { syscallTable } from '../../tracers/syscalls/table.ts'
import type { TableState } from '../state/table-state.ts'

/** What a page is about. */
export type What =
  | { readonly kind: 'process'; readonly process: ProcessKey }
  /** Of one process; null: of all. */
  | { readonly kind: 'call'; readonly call: CallKey; readonly process: ProcessKey | null }
  /** A row of a table, by its identity, and its owner. */
  | { readonly kind: 'row'; readonly table: string; readonly id: string; readonly process: ProcessKey | null }
  /** Connections with something in common. */
  | { readonly kind: 'group'; readonly grouping: Grouping; readonly key: string }

export interface Page {
  readonly what: What
  /** Its step of the trail. Untrusted text. */
  readonly title: string
  /** The table that the cursor keys act on: one of its sections. */
  readonly focus: string
  /** Of its sections that somebody has looked at. */
  readonly tables: Readonly<Record<string, TableState>>
  /** What its row said when it was seen last, by column id; null: it was not seen yet. */
  readonly seen: ReadonlyMap<string, Value> | null
  /** Of a process, who it is beyond what samples say; null: not told yet. */
  readonly about: About | null
  /** The text filter of what it was opened from, which is in force there again. */
  readonly outerFilter: string
}

/** Tables that stand on pages alone. */
export const pageTables: readonly Table<unknown>[] = [processCallTable, durationTable]

/** Those of a page come in this order; what is not named here comes behind. */
const FIRST: readonly string[] = [processCallTable.name, durationTable.name, 'in-flight', 'connections', 'listeners']

/** Names of the tables of a page, in their order. */
export function sectionsOf(what: What): readonly string[] {
  return tablesOf(what)
    .map(({ name }) => name)
    .sort((a, b) => place(a) - place(b))
}

function place(name: string): number {
  const found = FIRST.indexOf(name)
  return found < 0 ? FIRST.length : found
}

function tablesOf(what: What): readonly Table<unknown>[] {
  switch (what.kind) {
    case 'process':
      return [processCallTable, ...registry.tables.filter(table => table.pid !== undefined && table !== processTable)]
    case 'call':
      return [
        ...pageTables,
        ...registry.tables.filter(
          table =>
            table.call !== undefined && table !== syscallTable && (what.process === null || table.pid !== undefined),
        ),
      ]
    case 'row':
      return what.table === listenerTable.name ? [connectionTable, processTable] : [processTable]
    case 'group':
      return [connectionTable, processTable]
  }
}

/** The row of which table the page is about, all of whose fields it shows; null: it is about no single one. */
export function subjectTable(what: What): Table<unknown> | null {
  switch (what.kind) {
    case 'process':
      return processTable
    case 'call':
      return what.process === null ? syscallTable : processCallTable
    case 'row':
      return registry.find(what.table) ?? null
    case 'group':
      return null
  }
}

/** Whether a row of `subjectTable` is the one. */
export function isSubject(what: What, table: Table<unknown>, row: unknown): boolean {
  switch (what.kind) {
    case 'process':
      return isRowOf(table, row, what.process)
    case 'call':
      return isRowOfCall(table, row, what.call) && (what.process === null || isRowOf(table, row, what.process))
    case 'row':
      return identityOf(table, row) === what.id
    case 'group':
      return false
  }
}

export function identityOf(table: Table<unknown>, row: unknown): string {
  return table.identity?.(row) ?? table.key(row)
}

/** A row of that process, as far as is known. */
export function isRowOf(table: Table<unknown>, row: unknown, process: ProcessKey): boolean {
  const pid = table.pid?.(row) ?? null
  return pid !== null && isOf({ pid, started_ns: table.processStarted?.(row) ?? null }, process)
}

export function isRowOfCall(table: Table<unknown>, row: unknown, { id, abi }: CallKey): boolean {
  const call = table.call?.(row)
  return call !== undefined && call.id === id && call.abi === abi
}

/** Columns that say the same in every row of the page. */
export function isRedundant(what: What, column: string): boolean {
  return (ofProcess(what) && PROCESS_COLUMNS.has(column)) || (what.kind === 'call' && CALL_COLUMNS.has(column))
}

const PROCESS_COLUMNS: ReadonlySet<string> = new Set(['pid', 'name', 'container', 'unit', 'pod'])
const CALL_COLUMNS: ReadonlySet<string> = new Set(['syscall', 'id', 'abi'])

function ofProcess(what: What): boolean {
  return what.kind === 'process' || (what.kind === 'call' && what.process !== null)
}

/** The process that it is about, or its owner; null: there is none, or it is not known. */
export function processOf(what: What): ProcessKey | null {
  return what.kind === 'group' ? null : what.process
}

/** The calls that are to be read for it; null: none. */
export function callScope(what: What): CallScope | null {
  switch (what.kind) {
    case 'process':
      return { process: what.process, call: null }
    case 'call':
      return what
    default:
      return null
  }
}

export function isSame(a: What, b: What): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
