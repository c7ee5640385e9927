/** A sample, and the connections that closed shortly before it: they stay in sight for a while. */

import { plainConnection } from '../sample/connection.ts'
import type { ConnectionRow, Sample } from '../sample/sample.ts'

/** Milliseconds that a closed connection stays on the screen, by the samples' own clock. */
export const LINGERING = 5000

/** Of more connections the newest stay. */
export const MOST_LINGERING = 1000

interface Closed {
  /** With final totals; in this interval it moved nothing more. */
  readonly row: ConnectionRow
  /** Time of the sample in which it closed, in milliseconds since 1970. */
  readonly at: number
}

export interface Moment {
  readonly sample: Sample
  /** Connections that closed before the sample's interval, the newest last. */
  readonly lingering: readonly Closed[]
}

/** The moment of a new sample, given the one before. */
export function nextMoment(last: Moment | null, sample: Sample): Moment {
  if (last === null) return { sample, lingering: [] }
  const now = Date.parse(sample.time)
  const at = Date.parse(last.sample.time)
  const { pids } = sample.filter
  const wanted = ({ row }: Closed): boolean => pids.length === 0 || (row.pid !== null && pids.includes(row.pid))
  const justClosed = last.sample.connections.filter(row => row.closed).slice(-MOST_LINGERING)
  const lingering = [...last.lingering, ...justClosed.map(row => ({ row: atRest(row), at }))]
    .filter(each => now - each.at < LINGERING && wanted(each))
    .slice(-MOST_LINGERING)
  return { sample, lingering }
}

function atRest(row: ConnectionRow): ConnectionRow {
  return { ...plainConnection(row), sent_bytes: 0, received_bytes: 0, opened: false }
}

/** All connections to be shown. */
export function connectionsOf({ sample, lingering }: Moment): readonly ConnectionRow[] {
  return lingering.length === 0 ? sample.connections : [...sample.connections, ...lingering.map(({ row }) => row)]
}
