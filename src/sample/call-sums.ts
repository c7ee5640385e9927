import { HISTOGRAM_SLOTS, type Histogram } from './histogram.ts'

/** Where the members of a sum lie. */
const ERRORS = 0
const UNTIMED = 1
const SUM = 2
const MAX = 3
const SLOTS = 4
const SIZE = SLOTS + HISTOGRAM_SLOTS

/** Different system calls that there is room for from the beginning. */
const USUAL_CALLS = 64

/** Spare numbers are let go where they are so many times what is needed. */
const TOO_MUCH = 4

type Numbers = Float64Array<ArrayBuffer>

/** Calls added up: errors, those without a duration, and a histogram of the durations of the others. */
export interface CallSum extends Histogram {
  readonly errors: number
  readonly untimed: number
}

/**
 * Calls added up by process and by system call. All sums are numbers of one array, those of the processes first: thousands
 * of them are neither objects to be made and collected nor typed arrays, each of which would lie outside of the heap.
 */
export class CallSums {
  /** Those of sums that nobody reads any more, for the next ones: V8 collects all garbage after so many bytes of arrays. */
  static #spare: Numbers = new Float64Array(0)
  readonly #places: readonly number[]
  readonly #processes: number
  /** Where the sum of a system call lies. */
  readonly #calls = new Map<number, number>()
  #numbers: Numbers

  /** `places`: the index of the sum for each process record, -1 for those that are left out; `processes`: how many sums. */
  constructor(places: readonly number[], processes: number) {
    this.#places = places
    this.#processes = processes
    const length = (processes + USUAL_CALLS) * SIZE
    const spare = CallSums.#spare
    CallSums.#spare = new Float64Array(0)
    const fits = spare.length >= length && spare.length <= TOO_MUCH * length
    this.#numbers = fits ? spare.fill(0) : new Float64Array(length)
  }

  /** They are not read any more, nor is any sum that was taken out of them. */
  release(): void {
    CallSums.#spare = this.#numbers
    this.#numbers = new Float64Array(0)
  }

  /**
   * Adds calls of one process, by the index of its record, to one system call, by its number as the kernel side marks it.
   * Their histogram begins at `slots` of `words`.
   */
  add(
    process: number,
    call: number,
    errors: number,
    untimed: number,
    sum: number,
    max: number,
    words: Uint32Array,
    slots: number,
  ): void {
    const place = this.#places[process] ?? -1
    if (place < 0) return
    const ofCall = this.#calls.get(call) ?? this.#newCall(call)
    const ofProcess = place * SIZE
    const numbers = this.#numbers
    addTo(numbers, ofProcess, errors, untimed, sum, max)
    addTo(numbers, ofCall, errors, untimed, sum, max)
    for (let i = 0; i < HISTOGRAM_SLOTS; i++) {
      const count = words[slots + i] ?? 0
      // most are empty
      if (count === 0) continue
      const inProcess = ofProcess + SLOTS + i
      const inCall = ofCall + SLOTS + i
      numbers[inProcess] = (numbers[inProcess] ?? 0) + count
      numbers[inCall] = (numbers[inCall] ?? 0) + count
    }
  }

  /** Of a process, by the index of its sum. */
  ofProcess(index: number): CallSum {
    return new SumAt(this.#numbers, index * SIZE)
  }

  /** Of each system call. */
  *ofCalls(): Generator<[call: number, sum: CallSum]> {
    for (const [call, at] of this.#calls) yield [call, new SumAt(this.#numbers, at)]
  }

  #newCall(call: number): number {
    const at = (this.#processes + this.#calls.size) * SIZE
    if (at === this.#numbers.length) {
      const numbers = new Float64Array(2 * at)
      numbers.set(this.#numbers)
      this.#numbers = numbers
    }
    this.#calls.set(call, at)
    return at
  }
}

function addTo(numbers: Float64Array, at: number, errors: number, untimed: number, sum: number, max: number): void {
  numbers[at + ERRORS] = (numbers[at + ERRORS] ?? 0) + errors
  numbers[at + UNTIMED] = (numbers[at + UNTIMED] ?? 0) + untimed
  numbers[at + SUM] = (numbers[at + SUM] ?? 0) + sum
  if (max > (numbers[at + MAX] ?? 0)) numbers[at + MAX] = max
}

/** One of the sums. */
class SumAt implements CallSum {
  readonly #numbers: Float64Array
  readonly #at: number

  constructor(numbers: Float64Array, at: number) {
    this.#numbers = numbers
    this.#at = at
  }

  get errors(): number {
    return this.#numbers[this.#at + ERRORS] ?? 0
  }

  get untimed(): number {
    return this.#numbers[this.#at + UNTIMED] ?? 0
  }

  get sum(): number {
    return this.#numbers[this.#at + SUM] ?? 0
  }

  get max(): number {
    return this.#numbers[this.#at + MAX] ?? 0
  }

  count(bucket: number): number {
    return this.#numbers[this.#at + SLOTS + bucket] ?? 0
  }

  addTo(counts: number[]): void {
    for (let i = 0; i < HISTOGRAM_SLOTS; i++) counts[i] = (counts[i] ?? 0) + this.count(i)
  }
}
