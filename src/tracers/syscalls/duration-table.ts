/** How long calls took, as a table: what a page of a call shows. */

import { bucketStart, type Histogram, OCTAVE_BUCKETS, OCTAVES } from '../../table/histogram.ts'
import type { Table } from '../../table/table.ts'

/** Calls whose durations have the same power of two below them. */
export interface DurationRow {
  /** In nanoseconds; the calls are longer than `from`, and at most as long as `to`. */
  readonly from: number
  readonly to: number
  readonly count: number
  /** Part of all calls. */
  readonly share: number
  /** The same as part of the most frequent one. */
  readonly height: number
}

/** Cells of the longest bar. */
const BAR = 24

/** A row for each octave from the first to the last that has any. */
export function durationRows(histogram: Histogram): DurationRow[] {
  const counts = Array.from({ length: OCTAVES }, (_, octave) => inOctave(histogram, octave))
  const first = counts.findIndex(count => count > 0)
  if (first < 0) return []
  const last = counts.findLastIndex(count => count > 0)
  const all = counts.reduce((sum, count) => sum + count, 0)
  const most = Math.max(...counts)
  return counts.slice(first, last + 1).map((count, i) => ({
    from: bucketStart((first + i) * OCTAVE_BUCKETS),
    to: bucketStart((first + i + 1) * OCTAVE_BUCKETS),
    count,
    share: count / all,
    height: count / most,
  }))
}

function inOctave(histogram: Histogram, octave: number): number {
  let count = 0
  for (let i = 0; i < OCTAVE_BUCKETS; i++) count += histogram.count(octave * OCTAVE_BUCKETS + i)
  return count
}

/** Never empty where there is something. */
function bar({ height }: DurationRow): string {
  return '▇'.repeat(Math.ceil(height * BAR))
}

export const durationTable: Table<DurationRow, null> = {
  name: 'durations',
  title: 'Durations',
  shortTitle: 'Took',
  list: null,
  meaning: 'Calls by how long they took.',
  rowType: 'DurationRow',
  description: 'how long calls took',
  noun: { one: 'duration', many: 'durations' },
  sources: ['syscalls'],
  defaultSort: 'to',
  columns: [
    { id: 'from', title: 'OVER', kind: 'duration', unit: 'nanoseconds', value: row => row.from, width: 7, priority: 1 },
    { id: 'to', title: 'UP TO', kind: 'duration', unit: 'nanoseconds', value: row => row.to, width: 7, priority: 0 },
    { id: 'count', title: 'CALLS/s', kind: 'counter', unit: 'events', value: row => row.count, width: 8, priority: 0 },
    { id: 'share', title: 'SHARE', kind: 'gauge', unit: 'share', value: row => row.share, width: 7, priority: 0 },
    { id: 'bar', title: '', kind: 'text', unit: 'text', value: bar, width: 8, grow: 1, widest: BAR, priority: 0 },
  ],
  key: row => String(row.to),
}
