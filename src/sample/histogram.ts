/**
 * log2 histograms of durations as bpf/histogram.bpf.h fills them: bucket i counts the durations d with
 * 2^i <= d < 2^(i+1), d in units of 2^-30 s (0.93 ns), so that the buckets are those of an OTLP exponential
 * histogram of scale 0 with offset -30.
 */

import type { Duration } from './sample.ts'

/** Buckets in a histogram; must equal HISTOGRAM_SLOTS of the BPF side (checked against its BTF when it is opened). */
export const HISTOGRAM_SLOTS = 48

/** Nanoseconds in one histogram unit of 2^-30 s. */
const NANOSECONDS_PER_UNIT = 1e9 / 2 ** 30

/** Durations of calls in nanoseconds: their number in each bucket, their sum, and the longest. */
export interface Histogram {
  readonly sum: number
  readonly max: number
  /** Calls in a bucket. */
  count(bucket: number): number
  /** Adds the calls of each bucket to `counts`. */
  addTo(counts: number[]): void
}

/** A histogram to add others to. */
export class HistogramSum implements Histogram {
  /** No typed array: those live outside of the heap, and thousands of them are slow to make and to collect. */
  readonly counts = new Array<number>(HISTOGRAM_SLOTS).fill(0)
  sum = 0
  max = 0

  count(bucket: number): number {
    return this.counts[bucket] ?? 0
  }

  addTo(counts: number[]): void {
    for (let i = 0; i < HISTOGRAM_SLOTS; i++) counts[i] = (counts[i] ?? 0) + this.count(i)
  }

  add(other: Histogram): this {
    other.addTo(this.counts)
    this.sum += other.sum
    if (other.max > this.max) this.max = other.max
    return this
  }
}

/** Adds the buckets that the kernel side wrote to `from`, the first at index `start`, to `to`. */
export function addCounts(from: Uint32Array, start: number, to: number[]): void {
  for (let i = 0; i < HISTOGRAM_SLOTS; i++) {
    const count = from[start + i] ?? 0
    if (count !== 0) to[i] = (to[i] ?? 0) + count
  }
}

/** Number of durations in it. */
export function total(histogram: Histogram): number {
  let count = 0
  for (let i = 0; i < HISTOGRAM_SLOTS; i++) count += histogram.count(i)
  return count
}

/** Lower bound of bucket i, in nanoseconds. */
export function bucketStart(i: number): number {
  return 2 ** i * NANOSECONDS_PER_UNIT
}

/** The least whole number of nanoseconds in each bucket, and in the one that would follow. */
const LEAST = Array.from({ length: HISTOGRAM_SLOTS + 1 }, (_, i) => Math.ceil(bucketStart(i)))

/**
 * The q-quantile (0 < q <= 1) in nanoseconds: the rank ceil(q * count) is located in its bucket and interpolated
 * linearly there (nearest-rank with linear interpolation); never outside that bucket, never above the maximum.
 * 0 for an empty histogram.
 */
export function quantile(histogram: Histogram, q: number): number {
  return quantileOf(histogram, total(histogram), q)
}

/** The same where the number of durations is known. */
function quantileOf(histogram: Histogram, count: number, q: number): number {
  if (count === 0) return 0
  const rank = Math.max(1, Math.ceil(q * count))
  let below = 0
  for (let i = 0; i < HISTOGRAM_SLOTS; i++) {
    const inBucket = histogram.count(i)
    if (below + inBucket >= rank) {
      const low = LEAST[i] ?? 0
      const high = Math.min((LEAST[i + 1] ?? Infinity) - 1, histogram.max)
      if (high <= low) return high
      return Math.round(low + ((high - low) * (rank - below)) / inBucket)
    }
    below += inBucket
  }
  return histogram.max
}

/** The figures of a histogram that rows show, of which the number of durations is known. */
export function summarize(histogram: Histogram, count: number): Duration {
  return {
    sum: histogram.sum,
    max: histogram.max,
    p50: quantileOf(histogram, count, 0.5),
    p95: quantileOf(histogram, count, 0.95),
    p99: quantileOf(histogram, count, 0.99),
  }
}
