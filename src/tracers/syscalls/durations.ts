import type { Duration } from '../../table/histogram.ts'
import type { Column } from '../../table/table.ts'

interface Timed {
  readonly errors: number
  readonly duration_ns: Duration
}

const HEADINGS = { p50: 'P50', p95: 'P95', p99: 'P99', max: 'MAX' } as const

/** Failed calls per second. */
export function errorColumn(priority: number): Column<Timed> {
  return {
    id: 'errors',
    title: 'ERR/s',
    unit: 'events',
    source: 'syscalls',
    perSecond: true,
    value: row => row.errors,
    alarm: true,
    width: 7,
    priority,
  }
}

/** Time spent in calls, per second. */
export function timeColumn(priority: number): Column<Timed> {
  return {
    id: 'duration_ns_sum',
    title: 'TIME/s',
    unit: 'nanoseconds',
    source: 'syscalls',
    perSecond: true,
    value: row => row.duration_ns.sum,
    width: 7,
    priority,
  }
}

/** A figure of how long calls took. */
export function durationColumn(figure: keyof typeof HEADINGS, priority: number): Column<Timed> {
  return {
    id: `duration_ns_${figure}`,
    title: HEADINGS[figure],
    unit: 'nanoseconds',
    source: 'syscalls',
    value: row => row.duration_ns[figure],
    width: 7,
    priority,
  }
}
