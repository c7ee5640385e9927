/** Calls in flight that are news wherever one looks. */

import type { Table } from '../../table/table.ts'
import type { InFlightRow } from './row.ts'
import { inFlightTable } from './table.ts'

/** From here on a call that has not returned is stuck, unless it is a wait that is idle by its nature. */
export const STUCK_NS = 1e9

export function isStuck({ idle, duration_ns }: InFlightRow): boolean {
  return !idle && duration_ns > STUCK_NS
}

/** What is the same for all of them, or tells people little. */
const LEFT_OUT: readonly string[] = ['id', 'abi', 'idle', 'started_ns', 'thread_name']

const { idle: _, idleRule: __, ...table } = inFlightTable

/** They alone, for the overview. */
export const stuckTable: Table<InFlightRow, null> = {
  ...table,
  name: 'stuck',
  list: null,
  title: 'In flight over 1 s',
  noun: { one: 'call in flight over 1 s', many: 'calls in flight over 1 s' },
  columns: inFlightTable.columns.filter(({ id }) => !LEFT_OUT.includes(id)),
}
