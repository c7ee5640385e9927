import { describe, expect, it } from 'vitest'
import { bucketOf, bucketStart, HistogramSum, quantile, summarize, total } from '../../../src/table/histogram.ts'

function histogramOf(durations: readonly number[]): HistogramSum {
  const histogram = new HistogramSum()
  for (const ns of durations) histogram.record(ns)
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

/** Durations between 200 ns and 60 s, evenly spread over the magnitudes. */
function durations(next: () => number, count: number): number[] {
  const magnitudes = Math.log2(60e9 / 200)
  return Array.from({ length: count }, () => Math.round(200 * 2 ** (next() * magnitudes)))
}

const QUANTILES = [0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]

/** How far an estimate is off. */
function error(histogram: HistogramSum, all: readonly number[], q: number): number {
  const truth = all[Math.max(1, Math.ceil(q * all.length)) - 1] ?? 0
  return Math.abs(quantile(histogram, q) - truth) / truth
}

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

  it('is off by 5 % at most from 200 ns to 60 s: of durations that are spread, all the same, or of two kinds', () => {
    const next = random(2)
    let worst = 0
    for (let round = 0; round < 2000; round++) {
      const [one = 0, other = 0] = durations(next, 2)
      const kinds = [
        durations(next, 100),
        Array<number>(300).fill(one),
        [...Array<number>(900).fill(one), ...Array<number>(100).fill(other)],
      ]
      for (const kind of kinds) {
        const all = kind.sort((a, b) => a - b)
        const histogram = histogramOf(all)
        for (const q of QUANTILES) worst = Math.max(worst, error(histogram, all, q))
      }
    }
    expect(worst).toBeLessThan(0.05)
    expect(worst).toBeGreaterThan(0.04)
  })

  it('is exact for one duration, and for the longest', () => {
    for (const ns of [1, 2, 1000, 999_999_999, 60e9]) expect(quantile(histogramOf([ns]), 0.5)).toBe(ns)
    expect(quantile(histogramOf([5, 70, 901]), 0.99)).toBe(901)
  })

  it('is 0 where nothing was counted', () => {
    expect(quantile(new HistogramSum(), 0.99)).toBe(0)
    expect(summarize(new HistogramSum(), 0)).toEqual({ sum: 0, max: 0, p50: 0, p95: 0, p99: 0 })
  })
})

describe('HistogramSum', () => {
  it('adds counts and sums and keeps the longest, whichever buckets come first', () => {
    const next = random(3)
    for (let round = 0; round < 50; round++) {
      const [a, b] = [durations(next, 1 + round), durations(next, 3)]
      const added = new HistogramSum().add(histogramOf(a)).add(histogramOf(b))
      const together = histogramOf([...a, ...b])
      for (let bucket = 0; bucket < 512; bucket++) expect(added.count(bucket)).toBe(together.count(bucket))
      expect(added.sum).toBe(together.sum)
      expect(added.max).toBe(together.max)
      expect(total(added)).toBe(a.length + b.length)
    }
  })
})

describe('bucketOf', () => {
  it('has durations up to the upper bound of a bucket in it', () => {
    for (let bucket = 40; bucket < 400; bucket++) {
      const bound = bucketStart(bucket)
      expect(bucketOf(Math.floor(bound))).toBeLessThan(bucket)
      expect(bucketOf(Math.floor(bound) + 1)).toBeGreaterThanOrEqual(bucket)
    }
  })
})
