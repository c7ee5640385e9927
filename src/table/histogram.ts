/**
 * Histograms of durations as bpf/histogram.bpf.h fills them: bucket i counts the durations d with
 * 2^(i/8) < d <= 2^((i+1)/8), d in units of 2^-30 s (0.93 ns), so that the buckets are those of an OTLP exponential
 * histogram of scale 3 with offset -240. Eight of them are an octave, which is from one power of two to the next.
 */

/** Of all that a histogram can have; together they hold whatever fits into 64 bits of units. */
export const OCTAVES = 64

/** Buckets of an octave. */
export const OCTAVE_BUCKETS = 8

/** Octaves that the kernel side counts, and the first of them; checked against its BTF when it is opened. */
export const KERNEL_OCTAVES = 44
export const FIRST_KERNEL_OCTAVE = 5

/** Nanoseconds in one histogram unit of 2^-30 s. */
const NANOSECONDS_PER_UNIT = 1e9 / 2 ** 30

/** Durations of calls in nanoseconds: their number in each bucket, their sum, and the longest. */
export interface Histogram {
  readonly sum: number
  readonly max: number
  /** The first octave from this one on that may have any; OCTAVES where none has. */
  nextOctave(from: number): number
  /** Calls in a bucket. */
  count(bucket: number): number
}

/** Durations of the calls of one row, in nanoseconds. Percentiles are off by 4.4 % at most. */
export interface Duration {
  /** Durations of all calls added up. */
  readonly sum: number
  /** Duration of the longest call. */
  readonly max: number
  /** Median duration: half of the calls took no longer. */
  readonly p50: number
  /** 95th percentile of the durations: 95 % of the calls took no longer. */
  readonly p95: number
  /** 99th percentile of the durations: 99 % of the calls took no longer. */
  readonly p99: number
}

/** Of no call. */
export const NO_DURATION: Duration = { sum: 0, max: 0, p50: 0, p95: 0, p99: 0 }

/** A histogram to add others to. */
export class HistogramSum implements Histogram {
  sum = 0
  max = 0
  #first = 0
  /**
   * From the first octave that has any to the last. No typed array: those live outside of the heap, and thousands of them are
   * slow to make and to collect.
   */
  #counts: number[] = []

  nextOctave(from: number): number {
    const octave = Math.max(from, this.#first)
    return octave < this.#first + this.#counts.length / OCTAVE_BUCKETS ? octave : OCTAVES
  }

  count(bucket: number): number {
    return this.#counts[bucket - this.#first * OCTAVE_BUCKETS] ?? 0
  }

  /** Counts so many durations in a bucket, which says nothing of their sum. */
  addCount(bucket: number, count: number): this {
    this.#makeRoom(Math.floor(bucket / OCTAVE_BUCKETS))
    const at = bucket - this.#first * OCTAVE_BUCKETS
    this.#counts[at] = (this.#counts[at] ?? 0) + count
    return this
  }

  /** One duration. */
  record(nanoseconds: number): void {
    this.addCount(bucketOf(nanoseconds), 1)
    this.sum += nanoseconds
    if (nanoseconds > this.max) this.max = nanoseconds
  }

  add(other: Histogram): this {
    for (let octave = other.nextOctave(0); octave < OCTAVES; octave = other.nextOctave(octave + 1)) {
      this.#makeRoom(octave)
      const from = octave * OCTAVE_BUCKETS
      const to = (octave - this.#first) * OCTAVE_BUCKETS
      for (let i = 0; i < OCTAVE_BUCKETS; i++)
        this.#counts[to + i] = (this.#counts[to + i] ?? 0) + other.count(from + i)
    }
    this.sum += other.sum
    if (other.max > this.max) this.max = other.max
    return this
  }

  #makeRoom(octave: number): void {
    const counts = this.#counts
    if (counts.length === 0) this.#first = octave
    const ahead = this.#first - octave
    if (ahead > 0) {
      this.#counts = [...new Array<number>(ahead * OCTAVE_BUCKETS).fill(0), ...counts]
      this.#first = octave
    }
    for (let at = counts.length; at < (octave - this.#first + 1) * OCTAVE_BUCKETS; at++) counts.push(0)
  }
}

/** Number of durations in it. */
export function total(histogram: Histogram): number {
  let count = 0
  for (let octave = histogram.nextOctave(0); octave < OCTAVES; octave = histogram.nextOctave(octave + 1)) {
    for (let i = 0; i < OCTAVE_BUCKETS; i++) count += histogram.count(octave * OCTAVE_BUCKETS + i)
  }
  return count
}

/** Bound below bucket i, in nanoseconds: what is in it is longer. */
export function bucketStart(i: number): number {
  return 2 ** (i / OCTAVE_BUCKETS) * NANOSECONDS_PER_UNIT
}

const STARTS = Array.from({ length: OCTAVES * OCTAVE_BUCKETS + 1 }, (_, i) => bucketStart(i))

/** The bucket of a duration in nanoseconds. */
export function bucketOf(nanoseconds: number): number {
  const exponent = OCTAVE_BUCKETS * Math.log2(nanoseconds / NANOSECONDS_PER_UNIT)
  // the logarithm is rounded
  let bucket = Math.min(Math.max(0, Math.ceil(exponent) - 1), OCTAVES * OCTAVE_BUCKETS - 1)
  if (nanoseconds <= (STARTS[bucket] ?? 0) && bucket > 0) bucket--
  else if (nanoseconds > (STARTS[bucket + 1] ?? Infinity)) bucket++
  return bucket
}

/**
 * The q-quantile (0 < q <= 1) in nanoseconds: of the duration with the rank ceil(q * count) the bucket is known, and the
 * figure is the geometric mean of its bounds. The longest is known itself. So it is off by 4.4 % at most, never outside
 * of that bucket, and never above the maximum. 0 for an empty histogram.
 */
export function quantile(histogram: Histogram, q: number): number {
  return quantileOf(histogram, total(histogram), q)
}

/** The same where the number of durations is known. */
function quantileOf(histogram: Histogram, count: number, q: number): number {
  if (count === 0) return 0
  const { max } = histogram
  const rank = Math.max(1, Math.ceil(q * count))
  if (rank === count) return max
  let below = 0
  for (let octave = histogram.nextOctave(0); octave < OCTAVES; octave = histogram.nextOctave(octave + 1)) {
    for (let bucket = octave * OCTAVE_BUCKETS; bucket < (octave + 1) * OCTAVE_BUCKETS; bucket++) {
      below += histogram.count(bucket)
      if (below >= rank) return middleOf(bucket, max)
    }
  }
  return max
}

/** Of a bucket, as a whole number of nanoseconds that is in it; `max`: nothing is longer. */
function middleOf(bucket: number, max: number): number {
  const low = STARTS[bucket] ?? 0
  const high = Math.min(STARTS[bucket + 1] ?? Infinity, max)
  return Math.max(Math.floor(low) + 1, Math.min(Math.round(Math.sqrt(low * high)), Math.floor(high)))
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
