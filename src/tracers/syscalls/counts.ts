import { FIRST_KERNEL_OCTAVE, type Histogram, KERNEL_OCTAVES, OCTAVE_BUCKETS, OCTAVES } from '../../table/histogram.ts'

/** A histogram over counts that lie elsewhere. */
export class Counts implements Histogram {
  readonly sum: number
  readonly max: number
  /** For each octave of the kernel side 1 + the index of its counts in `counts`; 0: it has none. */
  readonly octaves: Uint32Array
  readonly counts: Uint32Array | Float64Array

  constructor(sum: number, max: number, octaves: Uint32Array, counts: Uint32Array | Float64Array) {
    this.sum = sum
    this.max = max
    this.octaves = octaves
    this.counts = counts
  }

  nextOctave(from: number): number {
    for (let octave = Math.max(0, from - FIRST_KERNEL_OCTAVE); octave < KERNEL_OCTAVES; octave++) {
      if (this.octaves[octave] !== 0) return octave + FIRST_KERNEL_OCTAVE
    }
    return OCTAVES
  }

  count(bucket: number): number {
    const i = bucket % OCTAVE_BUCKETS
    const place = this.octaves[(bucket - i) / OCTAVE_BUCKETS - FIRST_KERNEL_OCTAVE] ?? 0
    return place === 0 ? 0 : (this.counts[(place - 1) * OCTAVE_BUCKETS + i] ?? 0)
  }
}
