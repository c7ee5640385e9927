import { describe, expect, it } from 'vitest'
import {
  bucketStart,
  HISTOGRAM_SLOTS,
  HistogramSum,
  quantile,
  summarize,
  total,
} from '../../../src/sample/histogram.ts'

/** The bucket of a duration in nanoseconds as the BPF side finds it: whole units of 2^-30 s, then their log2. */
function bucketOf(ns: number): number {
  const units = (BigInt(ns) << 30n) / 1_000_000_000n
  return Math.max(0, units.toString(2).length - 1)
}

function histogramOf(durations: readonly number[]): HistogramSum {
  const histogram = new HistogramSum()
  for (const ns of durations) {
    const bucket = bucketOf(ns)
    histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1
    histogram.sum += ns
    histogram.max = Math.max(histogram.max, ns)
  }
  return histogram
}

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Durations between 1 ns and about 18 minutes, evenly spread over the magnitudes. */
function durations(next: () => number, count: number): number[] {
  return Array.from({ length: count }, () => Math.max(1, Math.floor(2 ** (next() * 40))))
}

const QUANTILES = [0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]

describe('quantile', () => {
  it('lies in the bucket of the true quantile, never above the maximum, and rises with q', () => {
    const next = random(1)
    for (let round = 0; round < 300; round++) {
      const all = durations(next, 1 + Math.floor(next() * 200)).sort((a, b) => a - b)
      const histogram = histogramOf(all)
      let before = 0
      for (const q of QUANTILES) {
        const truth = all[Math.max(1, Math.ceil(q * all.length)) - 1] ?? 0
        const estimate = quantile(histogram, q)
        expect(bucketOf(estimate), `q ${q} of ${all.length} durations: ${estimate} for ${truth}`).toBe(bucketOf(truth))
        expect(estimate).toBeLessThanOrEqual(histogram.max)
        expect(estimate).toBeGreaterThanOrEqual(before)
        before = estimate
      }
    }
  })

  it('is within a factor of two of the true quantile', () => {
    const all = durations(random(2), 5000).sort((a, b) => a - b)
    for (const q of QUANTILES) {
      const truth = all[Math.ceil(q * all.length) - 1] ?? 0
      const ratio = quantile(histogramOf(all), q) / truth
      expect(ratio).toBeGreaterThan(0.5)
      expect(ratio).toBeLessThan(2)
    }
  })

  it('is exact for one duration', () => {
    for (const ns of [1, 2, 1000, 999_999_999, 60e9]) expect(quantile(histogramOf([ns]), 0.5)).toBe(ns)
  })

  it('interpolates: of evenly spread durations the middle one is nearly exact', () => {
    // one bucket, 2^20 to 2^21 units
    const low = Math.ceil(bucketStart(20))
    const high = Math.ceil(bucketStart(21)) - 1
    const all = Array.from({ length: 1001 }, (_, i) => Math.round(low + ((high - low) * i) / 1000))
    expect(Math.abs(quantile(histogramOf(all), 0.5) - (low + high) / 2)).toBeLessThan((high - low) / 500)
  })

  it('is 0 where nothing was counted', () => {
    expect(quantile(new HistogramSum(), 0.99)).toBe(0)
    expect(summarize(new HistogramSum(), 0)).toEqual({ sum: 0, max: 0, p50: 0, p95: 0, p99: 0 })
  })

  it('holds in the last bucket, which has no upper bound of its own', () => {
    const histogram = new HistogramSum()
    histogram.counts[HISTOGRAM_SLOTS - 1] = 3
    histogram.max = bucketStart(HISTOGRAM_SLOTS - 1) * 1.5
    expect(quantile(histogram, 1)).toBeLessThanOrEqual(histogram.max)
  })
})

describe('HistogramSum', () => {
  it('adds counts and sums and keeps the longest', () => {
    const next = random(3)
    const [a, b] = [durations(next, 100), durations(next, 50)]
    const added = new HistogramSum().add(histogramOf(a)).add(histogramOf(b))
    const together = histogramOf([...a, ...b])
    expect([...added.counts]).toEqual([...together.counts])
    expect(added.sum).toBe(together.sum)
    expect(added.max).toBe(together.max)
    expect(total(added)).toBe(150)
  })
})

describe('bucketStart', () => {
  it('is where the BPF side begins a bucket', () => {
    for (let bucket = 1; bucket < HISTOGRAM_SLOTS; bucket++) {
      const first = Math.ceil(bucketStart(bucket))
      expect(bucketOf(first)).toBe(bucket)
      expect(bucketOf(first - 1)).toBeLessThan(bucket)
    }
  })
})
