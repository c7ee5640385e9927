import type { Duration } from '../../table/histogram.ts'
import type { Column } from '../../table/table.ts'

interface Timed {
  readonly errors: number
  readonly duration_ns: Duration
}

interface Named {
  readonly syscall: string
  readonly abi: 'native' | 'compat'
}

const HEADINGS = { p50: 'P50', p95: 'P95', p99: 'P99', max: 'MAX' } as const

/** Failed calls per second. Most are everyday business, which is no alarm: the table of errors tells them apart. */
export function errorColumn(priority: number): Column<Timed> {
  return {
    id: 'errors',
    title: 'ERR/s',
    kind: 'counter',
    unit: 'events',
    source: 'syscalls',
    value: row => row.errors,
    width: 7,
    priority,
  }
}

/** Time spent in calls, per second. */
export function timeColumn(priority: number): Column<Timed> {
  return {
    id: 'duration_ns_sum',
    title: 'TIME/s',
    kind: 'counter',
    unit: 'nanoseconds',
    source: 'syscalls',
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
    kind: 'duration',
    unit: 'nanoseconds',
    source: 'syscalls',
    value: row => row.duration_ns[figure],
    width: 7,
    priority,
  }
}

/** The name of a system call, marked where it went through the table of 32-bit calls. */
export function syscallColumn(): Column<Named> {
  return {
    id: 'syscall',
    title: 'SYSCALL',
    kind: 'identity',
    unit: 'text',
    value: row => row.syscall,
    mark: row => (row.abi === 'compat' ? '32:' : ''),
    width: 16,
    grow: 1,
    widest: 28,
    priority: 0,
  }
}
