import { describe, expect, it } from 'vitest'
import { explicitHistogram, exponentialHistogram, histogramBetween } from '../../../src/otel/metrics/buckets.ts'
import { SeriesGroup } from '../../../src/otel/metrics/series.ts'
import { HistogramSum } from '../../../src/table/histogram.ts'

/** Durations in nanoseconds over the whole range, none on the bound between two buckets. */
const DURATIONS = [
  1, 2, 3, 500, 999, 1000, 1001, 1_000_000, 33_333_333, 1_000_000_001, 61_000_000_000, 3_600_000_000_007,
]

/** Index of the bucket of scale 3, by the specification's formula: its bounds are 2^(index/8) and 2^((index+1)/8) seconds. */
function reference(nanoseconds: number): number {
  return Math.ceil(Math.log2(nanoseconds / 1e9) * 8) - 1
}

function recorded(durations: readonly number[]): HistogramSum {
  const group = new SeriesGroup({}, { ms: 0, setMs: 0 })
  for (const duration of durations) group.record('ebpf_top.tcp.rtt', duration)
  return group.histogram('ebpf_top.tcp.rtt')
}

describe('an exponential histogram', () => {
  it.each(DURATIONS)('has %i ns in the bucket that the specification says', duration => {
    const { positive, count, sum, scale } = exponentialHistogram(recorded([duration]))
    expect({ ...positive, count, scale }).toEqual({
      offset: reference(duration),
      bucketCounts: [1],
      count: 1,
      scale: 3,
    })
    expect(sum).toBeCloseTo(duration / 1e9, 12)
  })

  it('has every count in its bucket, and as many as the buckets hold', () => {
    const many = DURATIONS.flatMap((duration, i) => Array.from({ length: i + 1 }, () => duration))
    const expected = new Map<number, number>()
    for (const duration of many) {
      const index = reference(duration)
      expected.set(index, (expected.get(index) ?? 0) + 1)
    }
    const { positive, count, zeroCount, max } = exponentialHistogram(recorded(many))
    const found = positive.bucketCounts.map((value, i) => [positive.offset + i, value] as const)
    expect(new Map(found.filter(([, value]) => value > 0))).toEqual(expected)
    expect(count).toBe(many.length)
    expect(zeroCount).toBe(0)
    expect(max).toBe(3600.000000007)
  })

  it('takes the buckets of the kernel side as they are', () => {
    const histogram = new HistogramSum()
    histogram.addCount(40, 3).addCount(391, 2)
    const { positive, count } = exponentialHistogram(histogram)
    expect(count).toBe(5)
    expect(positive.offset).toBe(-200)
    expect(positive.bucketCounts).toHaveLength(352)
    expect([positive.bucketCounts[0], positive.bucketCounts[351]]).toEqual([3, 2])
    expect(positive.bucketCounts.slice(1, 351).every(between => between === 0)).toBe(true)
  })

  it('without a count has no buckets', () => {
    expect(exponentialHistogram(new HistogramSum())).toMatchObject({ count: 0, positive: { bucketCounts: [] } })
  })
})

describe('an explicit histogram', () => {
  it('has the same bounds and counts', () => {
    const { buckets, count } = explicitHistogram(recorded(DURATIONS))
    expect(buckets.boundaries).toHaveLength(47)
    expect(buckets.counts).toHaveLength(48)
    expect(count).toBe(DURATIONS.length)
    for (const duration of DURATIONS) {
      const bound = buckets.boundaries.findIndex(upper => duration / 1e9 <= upper)
      expect(buckets.counts[bound]).toBeGreaterThan(0)
    }
  })
})

describe('what is between two histograms', () => {
  it('is what came since, and nothing where nothing did', () => {
    const earlier = recorded([500, 1000])
    const later = new HistogramSum().add(earlier).add(recorded([500]))
    expect(histogramBetween(later, earlier)).toMatchObject({ sum: 500 })
    expect(exponentialHistogram(histogramBetween(later, earlier) ?? earlier).count).toBe(1)
    expect(histogramBetween(later, later)).toBeNull()
    expect(histogramBetween(later, undefined)).toMatchObject({ sum: 2000 })
  })
})
