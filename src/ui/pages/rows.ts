/** The rows that the tables have for a page. */

import { HistogramSum } from '../../table/histogram.ts'
import type { Table } from '../../table/table.ts'
import { groupKey } from '../../tracers/connections/groups/table.ts'
import type { ConnectionRow } from '../../tracers/connections/row.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import type { ListenerRow } from '../../tracers/listeners/row.ts'
import { listenerTable } from '../../tracers/listeners/table.ts'
import { durationRows, durationTable } from '../../tracers/syscalls/duration-table.ts'
import { includes, processCallTable } from '../../tracers/syscalls/process-calls.ts'
import { connectionsOf, type Moment } from '../state/moment.ts'
import { callScope, identityOf, isRowOf, isRowOfCall, isSubject, processOf, subjectTable, type What } from './page.ts'

/** The rows of one of its sections, as they come. */
export function rowsAbout(what: What, table: Table<unknown>, moment: Moment): readonly unknown[] {
  if (table === durationTable) return durationsOf(what, moment)
  const rows = allRows(table, moment)
  switch (what.kind) {
    case 'process':
    case 'call':
      return rows.filter(row => isAbout(what, table, row))
    case 'row': {
      if (what.table === listenerTable.name) return rowsOfListener(what, table, rows, moment)
      return rows.filter(row => isAbout(what, table, row))
    }
    case 'group': {
      const connections = connectionsOf(moment).filter(row => groupKey(row, what.grouping) === what.key)
      return table === connectionTable ? connections : ownersOf(connections, table, rows)
    }
  }
}

/** Whether the sample has what the section lists. */
export function isLookedAt(what: What, table: Table<unknown>, moment: Moment): boolean {
  const scope = callScope(what)
  if (table !== processCallTable && table !== durationTable) return moment.sample.tables.has(table)
  return scope !== null && moment.calls.scopes.some(outer => includes(outer, scope))
}

/** The row that the page is about; undefined: it has none in this interval. */
export function subjectRow(what: What, moment: Moment): unknown {
  const table = subjectTable(what)
  return table === null ? undefined : allRows(table, moment).find(row => isSubject(what, table, row))
}

function allRows(table: Table<unknown>, moment: Moment): readonly unknown[] {
  if (table === processCallTable) return moment.calls.rows
  return table === connectionTable ? connectionsOf(moment) : moment.sample.tables.of(table)
}

function durationsOf(what: What, moment: Moment): readonly unknown[] {
  const sum = new HistogramSum()
  for (const row of moment.calls.rows) if (isAbout(what, processCallTable, row)) sum.add(row.durations)
  return durationRows(sum)
}

/** A row is of the process, or of the call. */
function isAbout(what: What, table: Table<unknown>, row: unknown): boolean {
  const process = processOf(what)
  if (what.kind === 'call' && !isRowOfCall(table, row, what.call)) return false
  return process === null ? what.kind === 'call' : isRowOf(table, row, process)
}

/** The connections that came to where it listens, and who owns them or it. */
function rowsOfListener(
  { id, process }: Extract<What, { kind: 'row' }>,
  table: Table<unknown>,
  rows: readonly unknown[],
  moment: Moment,
): readonly unknown[] {
  const listener = moment.sample.tables.of(listenerTable).find(row => identityOf(listenerTable, row) === id)
  const connections = listener === undefined ? [] : connectionsOf(moment).filter(row => cameTo(listener, row))
  if (table === connectionTable) return connections
  const owners = ownersOf(connections, table, rows)
  const own = process === null ? [] : rows.filter(row => isRowOf(table, row, process) && !owners.includes(row))
  return [...own, ...owners]
}

function cameTo({ local, network_namespace }: ListenerRow, row: ConnectionRow): boolean {
  if (row.direction !== 'inbound' || row.local.port !== local.port) return false
  if (row.network_namespace !== network_namespace) return false
  // the IPv6 address that stands for all takes IPv4 as well, as a rule
  const takesAny = local.address === '::' || (local.address === '0.0.0.0' && row.family === 'ipv4')
  return takesAny || row.local.address === local.address
}

function ownersOf(connections: readonly ConnectionRow[], table: Table<unknown>, rows: readonly unknown[]): unknown[] {
  const owners = new Set(connections.map(({ pid, process_started_ns }) => `${pid} ${process_started_ns ?? ''}`))
  return rows.filter(row => {
    const pid = table.pid?.(row) ?? null
    const started = table.processStarted?.(row) ?? ''
    return pid !== null && (owners.has(`${pid} ${started}`) || owners.has(`${pid} `))
  })
}
