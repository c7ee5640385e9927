import { FIRST_KERNEL_OCTAVE, type Histogram, KERNEL_OCTAVES, OCTAVE_BUCKETS, OCTAVES } from '../../table/histogram.ts'

/** Where the members of a sum lie. */
const ERRORS = 0
const UNTIMED = 1
const SUM = 2
const MAX = 3
const SIZE = 4

/** Different system calls that there is room for from the beginning, and octaves of each sum. */
const USUAL_CALLS = 64
const USUAL_OCTAVES = 6

/** Spare numbers are let go where they are so many times what is needed. */
const TOO_MUCH = 4

/** Calls added up: errors, those without a duration, and a histogram of the durations of the others. */
export interface CallSum extends Histogram {
  readonly errors: number
  readonly untimed: number
}

/** Calls of one process to one system call, as the kernel side counted them; one object for all, written anew for each. */
export class CallTotals {
  /** Index of the record of the process. */
  process = 0
  /** Number of the system call as the kernel side marks it. */
  call = 0
  errors = 0
  untimed = 0
  sum = 0
  max = 0
  /** Octaves of which there are counts, as bits: the first 32, and the others. */
  lowOctaves = 0
  highOctaves = 0
}

/** The numbers of sums: what is known of each, and the counts of those octaves that it has any of. */
interface Numbers {
  totals: Float64Array<ArrayBuffer>
  /** KERNEL_OCTAVES for each sum: where the counts of an octave begin; 0: it has none. */
  places: Uint32Array<ArrayBuffer>
  /** The first octave is nobody's. */
  counts: Float64Array<ArrayBuffer>
}

function numbersFor(sums: number, octaves: number): Numbers {
  return {
    totals: new Float64Array(sums * SIZE),
    places: new Uint32Array(sums * KERNEL_OCTAVES),
    counts: new Float64Array(octaves * OCTAVE_BUCKETS),
  }
}

/**
 * Calls added up by process and by system call. All sums are numbers of a few arrays, those of the processes first: thousands
 * of them are neither objects to be made and collected nor typed arrays, each of which would lie outside of the heap.
 */
export class CallSums {
  /** Those of sums that nobody reads any more, for the next ones: V8 collects all garbage after so many bytes of arrays. */
  static #spare: Numbers = numbersFor(0, 0)
  readonly #indexes: readonly number[]
  readonly #processes: number
  /** The index of the sum of a system call. */
  readonly #calls = new Map<number, number>()
  #numbers: Numbers
  /** Where the next octave is to be. */
  #free = OCTAVE_BUCKETS

  /** `indexes`: that of the sum for each process record, -1 for those that are left out; `processes`: how many sums. */
  constructor(indexes: readonly number[], processes: number) {
    this.#indexes = indexes
    this.#processes = processes
    const sums = processes + USUAL_CALLS
    const spare = CallSums.#spare
    CallSums.#spare = numbersFor(0, 0)
    const { length } = spare.totals
    const fits = length >= sums * SIZE && length <= TOO_MUCH * sums * SIZE
    this.#numbers = fits ? cleared(spare) : numbersFor(sums, sums * USUAL_OCTAVES)
  }

  /** They are not read any more, nor is any sum that was taken out of them. */
  release(): void {
    CallSums.#spare = this.#numbers
    this.#numbers = numbersFor(0, 0)
  }

  /**
   * Adds calls of one process to one system call. For each octave that `totals` says `octaves` has, from `at` on, 1 + the index
   * of its counts; those in `counts` are the ones behind the first `ahead`.
   */
  add(totals: CallTotals, octaves: Uint32Array, at: number, counts: Uint32Array | Float64Array, ahead = 0): void {
    const ofProcess = this.#indexes[totals.process] ?? -1
    if (ofProcess < 0) return
    const ofCall = this.#calls.get(totals.call) ?? this.#newCall(totals.call)
    addTotals(this.#numbers.totals, ofProcess * SIZE, totals)
    addTotals(this.#numbers.totals, ofCall * SIZE, totals)
    this.#addOctaves(totals.lowOctaves, 0, ofProcess, ofCall, octaves, at, counts, ahead)
    this.#addOctaves(totals.highOctaves, 32, ofProcess, ofCall, octaves, at, counts, ahead)
  }

  #addOctaves(
    bits: number,
    first: number,
    ofProcess: number,
    ofCall: number,
    octaves: Uint32Array,
    at: number,
    counts: Uint32Array | Float64Array,
    ahead: number,
  ): void {
    for (let left = bits; left !== 0; ) {
      const highest = 31 - Math.clz32(left)
      left &= ~(1 << highest)
      const octave = first + highest
      const from = ((octaves[at + octave] ?? 0) - 1 - ahead) * OCTAVE_BUCKETS
      const inProcess = this.#octaveOf(ofProcess, octave)
      const inCall = this.#octaveOf(ofCall, octave)
      const to = this.#numbers.counts
      for (let i = 0; i < OCTAVE_BUCKETS; i++) {
        const count = counts[from + i] ?? 0
        // most are empty
        if (count === 0) continue
        to[inProcess + i] = (to[inProcess + i] ?? 0) + count
        to[inCall + i] = (to[inCall + i] ?? 0) + count
      }
    }
  }

  /** Of a process, by the index of its sum. */
  ofProcess(index: number): CallSum {
    return new SumAt(this.#numbers, index)
  }

  /** Of each system call. */
  *ofCalls(): Generator<[call: number, sum: CallSum]> {
    for (const [call, index] of this.#calls) yield [call, new SumAt(this.#numbers, index)]
  }

  /** Where the counts of an octave of a sum begin. */
  #octaveOf(sum: number, octave: number): number {
    const place = sum * KERNEL_OCTAVES + octave
    return this.#numbers.places[place] || this.#newOctave(place)
  }

  #newOctave(place: number): number {
    const at = this.#free
    const { counts } = this.#numbers
    if (at + OCTAVE_BUCKETS > counts.length) {
      this.#numbers.counts = new Float64Array(2 * counts.length)
      this.#numbers.counts.set(counts)
    }
    this.#free += OCTAVE_BUCKETS
    this.#numbers.places[place] = at
    return at
  }

  #newCall(call: number): number {
    const index = this.#processes + this.#calls.size
    const { totals, places } = this.#numbers
    if (index * SIZE === totals.length) {
      this.#numbers.totals = new Float64Array(2 * totals.length)
      this.#numbers.totals.set(totals)
      this.#numbers.places = new Uint32Array(2 * places.length)
      this.#numbers.places.set(places)
    }
    this.#calls.set(call, index)
    return index
  }
}

function cleared(numbers: Numbers): Numbers {
  numbers.totals.fill(0)
  numbers.places.fill(0)
  numbers.counts.fill(0)
  return numbers
}

function addTotals(numbers: Float64Array, at: number, { errors, untimed, sum, max }: CallTotals): void {
  numbers[at + ERRORS] = (numbers[at + ERRORS] ?? 0) + errors
  numbers[at + UNTIMED] = (numbers[at + UNTIMED] ?? 0) + untimed
  numbers[at + SUM] = (numbers[at + SUM] ?? 0) + sum
  if (max > (numbers[at + MAX] ?? 0)) numbers[at + MAX] = max
}

/** One of the sums. */
class SumAt implements CallSum {
  readonly #numbers: Numbers
  readonly #index: number

  constructor(numbers: Numbers, index: number) {
    this.#numbers = numbers
    this.#index = index
  }

  get errors(): number {
    return this.#total(ERRORS)
  }

  get untimed(): number {
    return this.#total(UNTIMED)
  }

  get sum(): number {
    return this.#total(SUM)
  }

  get max(): number {
    return this.#total(MAX)
  }

  nextOctave(from: number): number {
    for (let octave = Math.max(0, from - FIRST_KERNEL_OCTAVE); octave < KERNEL_OCTAVES; octave++) {
      if (this.#numbers.places[this.#index * KERNEL_OCTAVES + octave] !== 0) return octave + FIRST_KERNEL_OCTAVE
    }
    return OCTAVES
  }

  count(bucket: number): number {
    const i = bucket % OCTAVE_BUCKETS
    const octave = (bucket - i) / OCTAVE_BUCKETS - FIRST_KERNEL_OCTAVE
    if (octave < 0 || octave >= KERNEL_OCTAVES) return 0
    // octaves that it has none of lead to the one that is nobody's
    return this.#numbers.counts[(this.#numbers.places[this.#index * KERNEL_OCTAVES + octave] ?? 0) + i] ?? 0
  }

  #total(member: number): number {
    return this.#numbers.totals[this.#index * SIZE + member] ?? 0
  }
}
