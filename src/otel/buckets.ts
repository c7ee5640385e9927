/** The kernel side's histograms in the two forms that OTLP has. Neither moves a count into another bucket. */

import type { ExponentialHistogramMetricData, HistogramMetricData } from '@opentelemetry/sdk-metrics'
import { HISTOGRAM_SLOTS, type Histogram, HistogramSum, total } from '../sample/histogram.ts'

export type ExponentialHistogram = ExponentialHistogramMetricData['dataPoints'][number]['value']
export type ExplicitHistogram = HistogramMetricData['dataPoints'][number]['value']

/** Bucket i of a Histogram begins at 2^(i + OFFSET) seconds. */
const OFFSET = -30

const NANOSECONDS = 1e9

/** Scale 0: bucket i of an exponential histogram holds 2^i to 2^(i+1) seconds. Only buckets between used ones are sent. */
export function exponentialHistogram(histogram: Histogram): ExponentialHistogram {
  let first = 0
  let end = HISTOGRAM_SLOTS
  while (end > 0 && histogram.count(end - 1) === 0) end--
  while (first < end && histogram.count(first) === 0) first++
  const bucketCounts: number[] = []
  for (let i = first; i < end; i++) bucketCounts.push(histogram.count(i))
  return {
    ...summary(histogram),
    scale: 0,
    zeroCount: 0,
    positive: { offset: first + OFFSET, bucketCounts },
    negative: { offset: 0, bucketCounts: [] },
  }
}

/** Bounds are in seconds. The last bucket has none. */
export function explicitHistogram(histogram: Histogram): ExplicitHistogram {
  return { ...summary(histogram), buckets: { boundaries: BOUNDARIES, counts: BUCKETS.map(i => histogram.count(i)) } }
}

const BUCKETS = Array.from({ length: HISTOGRAM_SLOTS }, (_, i) => i)
const BOUNDARIES = Array.from({ length: HISTOGRAM_SLOTS - 1 }, (_, i) => 2 ** (i + 1 + OFFSET))

/** What happened between two states of a histogram, which has no maximum; null where nothing did. */
export function histogramBetween(later: Histogram, earlier: Histogram | undefined): Histogram | null {
  const change = new HistogramSum()
  for (let i = 0; i < HISTOGRAM_SLOTS; i++) change.counts[i] = later.count(i) - (earlier?.count(i) ?? 0)
  change.sum = later.sum - (earlier?.sum ?? 0)
  return total(change) === 0 ? null : change
}

/** Seconds; the count is the buckets' own sum. */
function summary(histogram: Histogram): { count: number; sum: number; max?: number } {
  const known = { count: total(histogram), sum: histogram.sum / NANOSECONDS }
  return histogram.max > 0 ? { ...known, max: histogram.max / NANOSECONDS } : known
}
