/** A sample, and the connections that closed shortly before it: they stay in sight for a while. */

import type { HeldSample } from '../../sample/sample.ts'
import type { ProcessKey } from '../../table/table.ts'
import { hasFailed } from '../../tracers/connections/outcome.ts'
import type { ConnectionRow } from '../../tracers/connections/row.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { type ConnectionView, plainConnection } from '../../tracers/connections/view.ts'
import { errorTable } from '../../tracers/errors/table.ts'
import { ProcessesByKey } from '../../tracers/processes/processes-by-key.ts'
import { processTable } from '../../tracers/processes/table.ts'
import { type CallScope, type ProcessCallRow, processCalls } from '../../tracers/syscalls/process-calls.ts'
import type { CallRow } from '../../tracers/syscalls/row.ts'
import { type ErrorWatch, NO_WATCH, nextWatch } from '../trend/errors.ts'
import { type Counted, valuesOf } from '../trend/figures.ts'
import { type History, NO_HISTORY, withValues } from '../trend/history.ts'

/** Seconds that a closed connection stays on the screen, as the intervals are long: Unix time may be set. */
export const LINGERING = 5

/** Of more connections the newest stay. */
export const MOST_LINGERING = 1000

interface Closed {
  /** With final totals; in this interval it moved nothing more. */
  readonly row: ConnectionRow
  /** End of the interval in which it closed, as `Moment.seconds`. */
  readonly at: number
}

export interface Moment {
  readonly sample: HeldSample
  /** Length of all intervals from the first one on, its own among them. */
  readonly seconds: number
  /** The main numbers up to this sample. */
  readonly history: History
  /** What is known of errors, for as long as they are looked at. */
  readonly errors: ErrorWatch
  /** Connections that closed in the sample's interval, the newest of them. */
  readonly ended: readonly ConnectionView[]
  /** Connections that closed before the sample's interval, the newest last. */
  readonly lingering: readonly Closed[]
  /** Calls by process, of what the pages are about. */
  readonly calls: CallsOfPages
}

export interface CallsOfPages {
  readonly scopes: readonly CallScope[]
  readonly rows: readonly ProcessCallRow[]
}

const NO_CALLS: CallsOfPages = { scopes: [], rows: [] }

/** Of the calls of a sample, which can be read only while it is taken, those that are in one of the scopes. */
export function callsOfPages(
  { tables }: HeldSample,
  calls: Iterable<CallRow>,
  scopes: readonly CallScope[],
): CallsOfPages {
  if (scopes.length === 0) return NO_CALLS
  const processes = new ProcessesByKey(tables.of(processTable))
  const nameOf = ({ pid, started_ns }: ProcessKey): string =>
    processes.of({ pid, process_started_ns: started_ns })?.name ?? ''
  return { scopes, rows: processCalls(calls, scopes, nameOf) }
}

/** The moment of a new sample, given the one before, with the calls by process that pages are about. */
export function nextMoment(last: Moment | null, sample: HeldSample, calls: CallsOfPages = NO_CALLS): Moment {
  const counted = count(sample)
  const history = withValues(last?.history ?? NO_HISTORY, valuesOf(sample, counted), sample.filter.pids)
  const { ended } = counted
  const errors = nextErrors(last, sample)
  if (last === null) return { sample, seconds: sample.interval_seconds, history, errors, ended, lingering: [], calls }
  const at = last.seconds
  const seconds = at + sample.interval_seconds
  const { pids } = sample.filter
  const wanted = ({ row }: Closed): boolean => pids.length === 0 || (row.pid !== null && pids.includes(row.pid))
  const lingering = [...last.lingering, ...last.ended.map(row => ({ row: atRest(row), at }))]
    .filter(each => seconds - each.at < LINGERING && wanted(each))
    .slice(-MOST_LINGERING)
  return { sample, seconds, history, errors, ended, lingering, calls }
}

function nextErrors(last: Moment | null, { tables, filter, interval_seconds }: HeldSample): ErrorWatch {
  const isSame = last?.sample.filter.pids.join() === filter.pids.join()
  const rows = tables.has(errorTable) ? tables.of(errorTable) : null
  return nextWatch(isSame ? last.errors : NO_WATCH, rows, interval_seconds)
}

/** What there is to know of all connections of a sample, in one walk: there may be fifty thousand. */
function count({ tables }: HeldSample): Counted & Pick<Moment, 'ended'> {
  const ended: ConnectionView[] = []
  let opened = 0
  let failed = 0
  for (const row of tables.of(connectionTable)) {
    if (row.opened) opened++
    if (!row.closed) continue
    if (hasFailed(row)) failed++
    ended.push(row)
  }
  return { opened, failed, ended: ended.slice(-MOST_LINGERING) }
}

function atRest(row: ConnectionView): ConnectionRow {
  return { ...plainConnection(row), sent_bytes: 0, received_bytes: 0, opened: false }
}

/** All connections to be shown. */
export function connectionsOf({ sample, lingering }: Moment): readonly ConnectionView[] {
  const connections = sample.tables.of(connectionTable)
  return lingering.length === 0 ? connections : [...connections, ...lingering.map(({ row }) => row)]
}
