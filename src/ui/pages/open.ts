/** Enter opens what a row is, and Esc goes one step back. */

import type { ProcessKey, Table } from '../../table/table.ts'
import { groupKey, groupTitle } from '../../tracers/connections/groups/table.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { inFlightTable } from '../../tracers/in-flight/table.ts'
import { processTable } from '../../tracers/processes/table.ts'
import type { Machine } from '../prompt/prompt.ts'
import type { KeptRow } from '../state/kept.ts'
import { listing, meantRow } from '../state/listing.ts'
import { activeTable, listedAs, STUCK, type State, topPage, withTable } from '../state/state.ts'
import { observed } from './observe.ts'
import { identityOf, isRowOf, isSame, type Page, processOf, sectionsOf, type What } from './page.ts'

/** What a row is, and what that is called. */
interface Found {
  readonly what: What
  readonly title: string
}

/** The state with the page of what the selected row is; where it cannot be opened, the message says why. */
export function openRow(state: State, machine: Machine): State {
  const name = activeTable(state)
  const meant = meantRow(state, name)
  if (meant === null) return state
  const table = listedAs(state, name)
  // those of the overview that are stuck are some of those in flight
  const section = name === STUCK ? inFlightTable.name : table.name
  const found = find(state, table, meant, machine)
  if (typeof found === 'string') return { ...state, message: found }
  // where one comes back to, however the rows move meanwhile
  const left = withTable(state, name, { kept: meant, chosen: true, hidden: null, slid: null })
  const depth = state.pages.findIndex(({ what }) => isSame(what, found.what))
  if (depth >= 0) return backTo(left, depth)
  const sections = sectionsOf(found.what)
  const page: Page = {
    ...found,
    focus: sections.includes(section) ? section : (sections[0] ?? name),
    tables: {},
    seen: null,
    about: null,
    outerFilter: state.filter,
  }
  return observed({ ...left, pages: [...left.pages, page], filter: '' })
}

/** The state one step back. */
export function back(state: State): State {
  return state.pages.length === 0 ? state : backTo(state, state.pages.length - 2)
}

/** The page so deep, from 0 on, is the last one; -1: there is none. */
function backTo(state: State, depth: number): State {
  const next = state.pages[depth + 1]
  return { ...state, pages: state.pages.slice(0, depth + 1), filter: next?.outerFilter ?? state.filter }
}

function find(state: State, table: Table<unknown>, meant: KeptRow, machine: Machine): Found | string {
  const row = rowOf(state, meant)
  const process = meant.pid === null ? null : { pid: meant.pid, started_ns: meant.processStarted }
  const { opens } = table
  const nothing = `there is no more to see of a ${table.noun.one}`
  if (opens === undefined) return nothing
  switch (opens) {
    case 'process':
      return process === null ? unknownOwner(table) : findProcess(state, meant, process, machine)
    case 'call': {
      const call = table.call?.(row ?? meant.row)
      if (call === undefined) return nothing
      const { id, abi, syscall } = call
      const what: What = { kind: 'call', call: { id, abi, syscall }, process: table.pid === undefined ? null : process }
      // the page of a call of one process leads on to the process
      const page = topPage(state)
      if (page !== undefined && isSame(page.what, what) && process !== null)
        return findProcess(state, meant, process, machine)
      return { what, title: abi === 'compat' ? `32:${syscall}` : syscall }
    }
    case 'row':
      if (row === undefined) return `this ${table.noun.one} is gone`
      return {
        what: { kind: 'row', table: table.name, id: identityOf(table, row), process },
        title: table.called?.(row) ?? table.noun.one,
      }
    case 'group':
      return findGroup(state, meant, machine)
  }
}

function findGroup(state: State, meant: KeptRow, machine: Machine): Found | string {
  const { grouping, shown } = state
  if (grouping === 'process' && meant.pid !== null) {
    return findProcess(state, meant, { pid: meant.pid, started_ns: meant.processStarted }, machine)
  }
  const example =
    grouping === null
      ? undefined
      : shown?.sample.tables.of(connectionTable).find(each => groupKey(each, grouping) === meant.key)
  if (grouping === null || example === undefined) return 'the connections of this group are gone'
  return { what: { kind: 'group', grouping, key: meant.key }, title: groupTitle(example, grouping) }
}

/** The row of the sample on the screen; undefined: it has none. */
function rowOf(state: State, { key }: KeptRow): unknown {
  const { rows, indexOf } = listing(state, activeTable(state))
  return rows[indexOf(key)]
}

function unknownOwner({ noun }: Table<unknown>): string {
  return `the owner of this ${noun.one} is not known`
}

function findProcess({ shown }: State, { values }: KeptRow, process: ProcessKey, machine: Machine): Found | string {
  const rows = (shown?.sample.tables.of(processTable) ?? []).filter(row => isRowOf(processTable, row, process))
  const named = String(values.get('name') ?? '')
  // of one pid there may be several: where the row does not tell which, that of its name is meant, or the last one
  const known = rows.findLast(({ name }) => name === named) ?? rows.at(-1)
  const name = known?.name ?? named
  if (known === undefined && !machine.processExists(process.pid)) {
    return `process ${process.pid}${name === '' ? '' : ` (${name})`} has ended`
  }
  return {
    what: {
      kind: 'process',
      process: known === undefined ? process : { pid: known.pid, started_ns: known.started_ns },
    },
    title: `${name} ${process.pid}`.trimStart(),
  }
}

/** The process that `f` on the selected row means: its own, or that of the page; null: it is not known. */
export function meantPid(state: State): number | null {
  const page = topPage(state)
  const ofPage = page === undefined ? null : processOf(page.what)
  return meantRow(state, activeTable(state))?.pid ?? ofPage?.pid ?? null
}
