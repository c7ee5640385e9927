import { FIRST_KERNEL_OCTAVE, KERNEL_OCTAVES, OCTAVE_BUCKETS, OCTAVES } from '../../table/histogram.ts'
import { type CallRecord, type CallRecords, COMPAT_BIT } from './call-records.ts'
import { type CallSums, CallTotals } from './call-sums.ts'
import { Counts } from './counts.ts'

/** Where the members of a pair lie. */
const PROCESS = 0
const CALL = 1
const ERRORS = 2
const UNTIMED = 3
const SUM = 4
const MAX = 5
/** 1 + the index of its first octave, and of its first error number; the others are linked behind these. */
const FIRST = 6
const FIRST_FAILURE = 7
const SIZE = 8

/** Where the members of an octave lie, behind its counts. */
const NUMBER = OCTAVE_BUCKETS
const NEXT = OCTAVE_BUCKETS + 1
const OCTAVE_SIZE = OCTAVE_BUCKETS + 2

/** Where the members of an error number lie. */
const ERRNO = 0
const COUNT = 1
const NEXT_FAILURE = 2
const FAILURE_SIZE = 3

/** Numbers of system calls are below. */
const CALL_LIMIT = 2 ** 18

/** Numbers one behind the other, with room for more. */
class Numbers {
  values = new Float64Array(1024)
  length = 0

  /** Room for so many more, which are 0; gives where they begin. */
  take(count: number): number {
    const at = this.length
    this.length += count
    if (this.length > this.values.length) {
      const values = new Float64Array(2 * this.values.length)
      values.set(this.values)
      this.values = values
    }
    return at
  }
}

/**
 * Calls added up by process and system call: those of intervals of the kernel side that ended before the sample does, and all
 * that compatible mode counts. They are numbers of a few arrays: there may be hundreds of thousands.
 */
export class KeptCalls implements CallRecords {
  readonly #indexes = new Map<number, number>()
  readonly #pairs = new Numbers()
  readonly #octaves = new Numbers()
  readonly #failures = new Numbers()

  get length(): number {
    return this.#indexes.size
  }

  /** Whether others of this process and call are kept. */
  has(process: number, record: CallRecord): boolean {
    return this.hasPair(process, callOf(record))
  }

  /** The same by the number of the call, marked with COMPAT_BIT where it is one of the 32-bit table. */
  hasPair(process: number, call: number): boolean {
    return this.#indexes.has(process * CALL_LIMIT + call)
  }

  /** `process`: the index of its record among those of the sample. */
  add(process: number, record: CallRecord): void {
    const call = callOf(record)
    const { durations } = record
    this.addTotals(process, call, record.errors, record.untimed, durations.sum)
    this.raiseMax(process, call, durations.max)
    for (const { errno, count } of record.failures) this.addFailure(process, call, errno, count)
    for (let octave = durations.nextOctave(0); octave < OCTAVES; octave = durations.nextOctave(octave + 1)) {
      const to = this.#octaveOf(this.#pairOf(process, call), octave - FIRST_KERNEL_OCTAVE)
      const counts = this.#octaves.values
      for (let i = 0; i < OCTAVE_BUCKETS; i++) {
        counts[to + i] = (counts[to + i] ?? 0) + durations.count(octave * OCTAVE_BUCKETS + i)
      }
    }
  }

  /** Adds calls; `sum`: of their durations, in nanoseconds. */
  addTotals(process: number, call: number, errors: number, untimed: number, sum: number): void {
    const at = this.#pairOf(process, call)
    const { values } = this.#pairs
    values[at + ERRORS] = (values[at + ERRORS] ?? 0) + errors
    values[at + UNTIMED] = (values[at + UNTIMED] ?? 0) + untimed
    values[at + SUM] = (values[at + SUM] ?? 0) + sum
  }

  /** The longest took so long, or another one longer. */
  raiseMax(process: number, call: number, max: number): void {
    const at = this.#pairOf(process, call)
    const { values } = this.#pairs
    values[at + MAX] = Math.max(values[at + MAX] ?? 0, max)
  }

  /** Adds calls that failed with one error number. */
  addFailure(process: number, call: number, errno: number, count: number): void {
    const at = this.#failureOf(this.#pairOf(process, call), errno) + COUNT
    this.#failures.values[at] = (this.#failures.values[at] ?? 0) + count
  }

  /** Adds how many calls fell into each bucket of one octave of the kernel side. */
  addOctave(process: number, call: number, octave: number, countOf: (bucket: number) => number): void {
    const to = this.#octaveOf(this.#pairOf(process, call), octave)
    const counts = this.#octaves.values
    for (let i = 0; i < OCTAVE_BUCKETS; i++) counts[to + i] = (counts[to + i] ?? 0) + countOf(i)
  }

  at(index: number, processes = 0): CallRecord | undefined {
    if (index >= this.length) return undefined
    const number = (member: number): number => this.#pairs.values[index * SIZE + member] ?? 0
    const octaves = new Uint32Array(KERNEL_OCTAVES)
    const counts: number[] = []
    for (const at of this.#octavesOf(index * SIZE)) {
      octaves[this.#octaves.values[at + NUMBER] ?? 0] = 1 + counts.length / OCTAVE_BUCKETS
      counts.push(...this.#octaves.values.subarray(at, at + OCTAVE_BUCKETS))
    }
    const failures = Array.from(this.#failuresOf(index * SIZE), at => ({
      errno: this.#failures.values[at + ERRNO] ?? 0,
      count: this.#failures.values[at + COUNT] ?? 0,
    }))
    return {
      process: processes + number(PROCESS),
      number: number(CALL) & ~COMPAT_BIT,
      abi: number(CALL) & COMPAT_BIT ? 'compat' : 'native',
      errors: number(ERRORS),
      untimed: number(UNTIMED),
      failures,
      durations: new Counts(number(SUM), number(MAX), octaves, Float64Array.from(counts)),
    }
  }

  addTo(sums: CallSums, from: number, to: number, processes = 0): void {
    const totals = new CallTotals()
    const octaves = new Uint32Array(KERNEL_OCTAVES)
    const counts = new Float64Array(KERNEL_OCTAVES * OCTAVE_BUCKETS)
    for (const [octave] of octaves.entries()) octaves[octave] = 1 + octave
    for (let index = from; index < to; index++) {
      const at = index * SIZE
      const { values } = this.#pairs
      totals.process = processes + (values[at + PROCESS] ?? 0)
      totals.call = values[at + CALL] ?? 0
      totals.errors = values[at + ERRORS] ?? 0
      totals.untimed = values[at + UNTIMED] ?? 0
      totals.sum = values[at + SUM] ?? 0
      totals.max = values[at + MAX] ?? 0
      totals.lowOctaves = 0
      totals.highOctaves = 0
      for (const place of this.#octavesOf(at)) {
        const octave = this.#octaves.values[place + NUMBER] ?? 0
        counts.set(this.#octaves.values.subarray(place, place + OCTAVE_BUCKETS), octave * OCTAVE_BUCKETS)
        if (octave < 32) totals.lowOctaves |= 1 << octave
        else totals.highOctaves |= 1 << (octave - 32)
      }
      sums.add(totals, octaves, 0, counts)
    }
  }

  /** They are no memory of the kernel's. */
  keep(): void {}

  release(): void {}

  /** Where a pair lies, made where there is none yet. */
  #pairOf(process: number, call: number): number {
    const key = process * CALL_LIMIT + call
    const known = this.#indexes.get(key)
    if (known !== undefined) return known * SIZE
    this.#indexes.set(key, this.#indexes.size)
    const at = this.#pairs.take(SIZE)
    this.#pairs.values[at + PROCESS] = process
    this.#pairs.values[at + CALL] = call
    return at
  }

  /** Where the error numbers of a pair lie, which is at `pair`. */
  *#failuresOf(pair: number): Generator<number> {
    let next = this.#pairs.values[pair + FIRST_FAILURE] ?? 0
    while (next !== 0) {
      const at = (next - 1) * FAILURE_SIZE
      yield at
      next = this.#failures.values[at + NEXT_FAILURE] ?? 0
    }
  }

  /** Where one of its error numbers lies, made where there is none yet. */
  #failureOf(pair: number, errno: number): number {
    for (const at of this.#failuresOf(pair)) if (this.#failures.values[at + ERRNO] === errno) return at
    const at = this.#failures.take(FAILURE_SIZE)
    this.#failures.values[at + ERRNO] = errno
    this.#failures.values[at + NEXT_FAILURE] = this.#pairs.values[pair + FIRST_FAILURE] ?? 0
    this.#pairs.values[pair + FIRST_FAILURE] = 1 + at / FAILURE_SIZE
    return at
  }

  /** Where the octaves of a pair lie, which is at `pair`. */
  *#octavesOf(pair: number): Generator<number> {
    let next = this.#pairs.values[pair + FIRST] ?? 0
    while (next !== 0) {
      const at = (next - 1) * OCTAVE_SIZE
      yield at
      next = this.#octaves.values[at + NEXT] ?? 0
    }
  }

  /** Where one of its octaves lies, made where there is none yet. */
  #octaveOf(pair: number, number: number): number {
    for (const at of this.#octavesOf(pair)) if (this.#octaves.values[at + NUMBER] === number) return at
    const at = this.#octaves.take(OCTAVE_SIZE)
    this.#octaves.values[at + NUMBER] = number
    this.#octaves.values[at + NEXT] = this.#pairs.values[pair + FIRST] ?? 0
    this.#pairs.values[pair + FIRST] = 1 + at / OCTAVE_SIZE
    return at
  }
}

function callOf({ abi, number }: CallRecord): number {
  return abi === 'compat' ? number | COMPAT_BIT : number
}
