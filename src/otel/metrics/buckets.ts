/** The kernel side's histograms in the two forms that OTLP has. Neither moves a count into another bucket. */

import type { ExponentialHistogramMetricData, HistogramMetricData } from '@opentelemetry/sdk-metrics'
import { type Histogram, HistogramSum, OCTAVE_BUCKETS, OCTAVES, total } from '../../table/histogram.ts'

export type ExponentialHistogram = ExponentialHistogramMetricData['dataPoints'][number]['value']
export type ExplicitHistogram = HistogramMetricData['dataPoints'][number]['value']

/** Octave i of a Histogram begins at 2^(i + OFFSET) seconds. */
const OFFSET = -30

/** Of exponential histograms whose bounds are 2^(i / 8) seconds. */
const SCALE = 3

const NANOSECONDS = 1e9

/** Bucket i of an exponential histogram holds 2^(i / 8) to 2^((i + 1) / 8) seconds. Only buckets between used ones are sent. */
export function exponentialHistogram(histogram: Histogram): ExponentialHistogram {
  const bucketCounts: number[] = []
  let first = 0
  let used = 0
  for (let octave = histogram.nextOctave(0); octave < OCTAVES; octave = histogram.nextOctave(octave + 1)) {
    for (let bucket = octave * OCTAVE_BUCKETS; bucket < (octave + 1) * OCTAVE_BUCKETS; bucket++) {
      const count = histogram.count(bucket)
      if (count === 0) continue
      if (used === 0) first = bucket
      while (bucketCounts.length < bucket - first) bucketCounts.push(0)
      bucketCounts.push(count)
      used++
    }
  }
  return {
    ...summary(histogram),
    scale: SCALE,
    zeroCount: 0,
    positive: { offset: first + OCTAVE_BUCKETS * OFFSET, bucketCounts },
    negative: { offset: 0, bucketCounts: [] },
  }
}

/** Its buckets are octaves; the last has no bound. */
const EXPLICIT_BUCKETS = 48
const BOUNDARIES = Array.from({ length: EXPLICIT_BUCKETS - 1 }, (_, i) => 2 ** (i + 1 + OFFSET))

/** Bounds are in seconds. */
export function explicitHistogram(histogram: Histogram): ExplicitHistogram {
  const counts = new Array<number>(EXPLICIT_BUCKETS).fill(0)
  for (let octave = histogram.nextOctave(0); octave < OCTAVES; octave = histogram.nextOctave(octave + 1)) {
    const bucket = Math.min(octave, EXPLICIT_BUCKETS - 1)
    for (let i = 0; i < OCTAVE_BUCKETS; i++) {
      counts[bucket] = (counts[bucket] ?? 0) + histogram.count(octave * OCTAVE_BUCKETS + i)
    }
  }
  return { ...summary(histogram), buckets: { boundaries: BOUNDARIES, counts } }
}

/** What happened between two states of a histogram, which has no maximum; null where nothing did. */
export function histogramBetween(later: Histogram, earlier: Histogram | undefined): Histogram | null {
  const change = new HistogramSum()
  for (let octave = later.nextOctave(0); octave < OCTAVES; octave = later.nextOctave(octave + 1)) {
    for (let bucket = octave * OCTAVE_BUCKETS; bucket < (octave + 1) * OCTAVE_BUCKETS; bucket++) {
      const count = later.count(bucket) - (earlier?.count(bucket) ?? 0)
      if (count !== 0) change.addCount(bucket, count)
    }
  }
  change.sum = later.sum - (earlier?.sum ?? 0)
  return total(change) === 0 ? null : change
}

/** Seconds; the count is the buckets' own sum. */
function summary(histogram: Histogram): { count: number; sum: number; max?: number } {
  const known = { count: total(histogram), sum: histogram.sum / NANOSECONDS }
  return histogram.max > 0 ? { ...known, max: histogram.max / NANOSECONDS } : known
}
