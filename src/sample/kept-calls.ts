import { Counts } from '../tracers/counts.ts'
import { type CallRecord, type CallRecords, COMPAT_BIT, type FailureRecord } from '../tracers/syscalls.ts'
import { type CallSums, CallTotals } from './call-sums.ts'
import { FIRST_KERNEL_OCTAVE, KERNEL_OCTAVES, OCTAVE_BUCKETS, OCTAVES } from './histogram.ts'

/** Where the members of a pair lie. */
const PROCESS = 0
const CALL = 1
const ERRORS = 2
const UNTIMED = 3
const SUM = 4
const MAX = 5
/** 1 + the index of its first octave, the others are linked behind it. */
const FIRST = 6
const SIZE = 7

/** Where the members of an octave lie, behind its counts. */
const NUMBER = OCTAVE_BUCKETS
const NEXT = OCTAVE_BUCKETS + 1
const OCTAVE_SIZE = OCTAVE_BUCKETS + 2

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
 * Calls of intervals of the kernel side that ended before the sample does, added up by process and system call. All of
 * them are numbers of two arrays: there may be hundreds of thousands.
 */
export class KeptCalls implements CallRecords {
  readonly #indexes = new Map<number, number>()
  readonly #failures = new Map<number, Map<number, number>>()
  readonly #pairs = new Numbers()
  readonly #octaves = new Numbers()

  get length(): number {
    return this.#indexes.size
  }

  /** Whether others of this process and call are kept. */
  has(process: number, record: CallRecord): boolean {
    return this.#indexes.has(process * CALL_LIMIT + callOf(record))
  }

  /** `process`: the index of its record among those of the sample. */
  add(process: number, record: CallRecord): void {
    const index = this.#indexOf(process, callOf(record))
    const at = index * SIZE
    const { values } = this.#pairs
    values[at + ERRORS] = (values[at + ERRORS] ?? 0) + record.errors
    values[at + UNTIMED] = (values[at + UNTIMED] ?? 0) + record.untimed
    values[at + SUM] = (values[at + SUM] ?? 0) + record.durations.sum
    values[at + MAX] = Math.max(values[at + MAX] ?? 0, record.durations.max)
    if (record.errors > 0) this.#addFailures(index, record.failures)
    const { durations } = record
    for (let octave = durations.nextOctave(0); octave < OCTAVES; octave = durations.nextOctave(octave + 1)) {
      const to = this.#octaveOf(at, octave - FIRST_KERNEL_OCTAVE)
      const counts = this.#octaves.values
      for (let i = 0; i < OCTAVE_BUCKETS; i++) {
        counts[to + i] = (counts[to + i] ?? 0) + durations.count(octave * OCTAVE_BUCKETS + i)
      }
    }
  }

  at(index: number): CallRecord | undefined {
    if (index >= this.length) return undefined
    const number = (member: number): number => this.#pairs.values[index * SIZE + member] ?? 0
    const octaves = new Uint32Array(KERNEL_OCTAVES)
    const counts: number[] = []
    for (const at of this.#octavesOf(index * SIZE)) {
      octaves[this.#octaves.values[at + NUMBER] ?? 0] = 1 + counts.length / OCTAVE_BUCKETS
      counts.push(...this.#octaves.values.subarray(at, at + OCTAVE_BUCKETS))
    }
    return {
      process: number(PROCESS),
      number: number(CALL) & ~COMPAT_BIT,
      abi: number(CALL) & COMPAT_BIT ? 'compat' : 'native',
      errors: number(ERRORS),
      untimed: number(UNTIMED),
      failures: Array.from(this.#failures.get(index) ?? [], ([errno, count]) => ({ errno, count })),
      durations: new Counts(number(SUM), number(MAX), octaves, Float64Array.from(counts)),
    }
  }

  addTo(sums: CallSums, from: number, to: number): void {
    const totals = new CallTotals()
    const octaves = new Uint32Array(KERNEL_OCTAVES)
    const counts = new Float64Array(KERNEL_OCTAVES * OCTAVE_BUCKETS)
    for (const [octave] of octaves.entries()) octaves[octave] = 1 + octave
    for (let index = from; index < to; index++) {
      const at = index * SIZE
      const { values } = this.#pairs
      totals.process = values[at + PROCESS] ?? 0
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

  #indexOf(process: number, call: number): number {
    const key = process * CALL_LIMIT + call
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    const index = this.#indexes.size
    this.#indexes.set(key, index)
    const at = this.#pairs.take(SIZE)
    this.#pairs.values[at + PROCESS] = process
    this.#pairs.values[at + CALL] = call
    return index
  }

  #addFailures(index: number, failures: readonly FailureRecord[]): void {
    const all = this.#failures.get(index) ?? new Map<number, number>()
    this.#failures.set(index, all)
    for (const { errno, count } of failures) all.set(errno, (all.get(errno) ?? 0) + count)
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
