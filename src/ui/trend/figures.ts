/** The main numbers of what is watched, one set for each sample: what the head of the overview shows over time. */

import type { Sample } from '../../sample/sample.ts'
import { isMeasured } from '../../table/format.ts'
import type { Unit } from '../../table/table.ts'
import { stuckTable } from '../../tracers/in-flight/stuck.ts'
import { processTable } from '../../tracers/processes/table.ts'
import { syscallTable } from '../../tracers/syscalls/table.ts'

/** What is counted of the connections of a sample while they are gone through for other reasons. */
export interface Counted {
  readonly opened: number
  readonly failed: number
}

const IDS = ['calls', 'errors', 'p99', 'stuck', 'received', 'sent', 'opened', 'failed'] as const

export type FigureId = (typeof IDS)[number]

/** One value of each figure; null: it was not measured. */
export type Values = Readonly<Record<FigureId, number | null>>

export interface Figure {
  readonly id: FigureId
  /** In front of the value, in at most eight cells. */
  readonly title: string
  readonly unit: Unit
  /** More than zero is bad news. */
  readonly alarm?: true
  /** Figures of the highest rank give way first where there is no room for all. */
  readonly rank: number
  /** The least that the graph has room for: less does not fill it. */
  readonly least: number
  /** For the help. */
  readonly meaning: string
}

/** In the order in which they stand. */
export const FIGURES: readonly Figure[] = [
  { id: 'calls', title: 'events/s', unit: 'events', rank: 2, least: 100, meaning: 'system calls that returned' },
  {
    id: 'errors',
    title: 'errors/s',
    unit: 'events',
    rank: 5,
    least: 10,
    meaning: 'system calls that returned an error',
  },
  {
    id: 'p99',
    title: 'p99',
    unit: 'nanoseconds',
    rank: 7,
    least: 10_000,
    meaning: '99 % of the calls but idle waits were so fast',
  },
  {
    id: 'stuck',
    title: 'stuck',
    unit: 'events',
    alarm: true,
    rank: 5,
    least: 5,
    meaning: 'calls in flight over 1 s, but idle waits',
  },
  { id: 'received', title: 'recv/s', unit: 'bytes', rank: 8, least: 1024, meaning: 'bytes received over IP sockets' },
  { id: 'sent', title: 'sent/s', unit: 'bytes', rank: 9, least: 1024, meaning: 'bytes sent over IP sockets' },
  { id: 'opened', title: 'conns/s', unit: 'events', rank: 10, least: 10, meaning: 'connections opened, or tried' },
  {
    id: 'failed',
    title: 'failed/s',
    unit: 'events',
    alarm: true,
    rank: 6,
    least: 5,
    meaning: 'connections that failed',
  },
]

/** The figures of a sample. */
export function valuesOf(sample: Sample, { opened, failed }: Counted): Values {
  const { tables, sources, interval_seconds, duration_ns } = sample
  const rate = (kind: string, count: number): number | null =>
    isMeasured(kind, sources) && interval_seconds > 0 ? count / interval_seconds : null
  const calls = sum(tables.of(syscallTable), row => row.count)
  const errors = sum(tables.of(syscallTable), row => row.errors)
  const received = sum(tables.of(processTable), row => row.received_bytes)
  const sent = sum(tables.of(processTable), row => row.sent_bytes)
  const isLookedAt = tables.has(stuckTable) && isMeasured('in_flight', sources)
  return {
    calls: rate('syscalls', calls),
    errors: rate('syscalls', errors),
    p99: isMeasured('syscalls', sources) && duration_ns.max > 0 ? duration_ns.p99 : null,
    stuck: isLookedAt ? tables.of(stuckTable).length : null,
    received: rate('bytes', received),
    sent: rate('bytes', sent),
    opened: rate('connections', opened),
    failed: rate('connections', failed),
  }
}

function sum<Row>(rows: readonly Row[], value: (row: Row) => number): number {
  let all = 0
  for (const row of rows) all += value(row)
  return all
}
