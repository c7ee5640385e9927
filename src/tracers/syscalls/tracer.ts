import { joinU64, type StructLayout } from '../../bpf/btf/layout.ts'
import type { SharedBytes } from '../../bpf/kernel.ts'
import type { BpfObject } from '../../bpf/object.ts'
import { FIRST_KERNEL_OCTAVE, type Histogram, KERNEL_OCTAVES, OCTAVE_BUCKETS, OCTAVES } from '../../table/histogram.ts'
import { HalvedRows } from '../interval-rows.ts'
import { Loss } from '../loss.ts'
import type { IntervalRows } from '../tracer.ts'
import { type CallRecord, type CallRecords, COMPAT_BIT, type FailureRecord } from './call-records.ts'
import { type CallSums, CallTotals } from './call-sums.ts'

/** Of bpf/syscalls.bpf.c and bpf/plain_syscalls.bpf.c. */
export const SYSCALL_PROGRAMS: ReadonlySet<string> = new Set([
  'sys_enter',
  'sys_enter_again',
  'sys_exit',
  'signal_deliver',
])

/** Where the members of a row lie, in words of four bytes. */
export type Offsets = ReturnType<typeof offsetsIn>

const WORD = Uint32Array.BYTES_PER_ELEMENT

function offsetsIn(layout: StructLayout, failure: StructLayout) {
  const failures = layout.count('failures', failure.size)
  return {
    size: layout.size / WORD,
    process: layout.u32('process') / WORD,
    call: layout.u32('call') / WORD,
    epoch: layout.u32('epoch') / WORD,
    errors: layout.u32('errors') / WORD,
    untimed: layout.u32('untimed') / WORD,
    sum: layout.u64('sum_ns') / WORD,
    max: layout.u64('max_ns') / WORD,
    touched: layout.u64('touched') / WORD,
    octaves: layout.array('octaves', WORD, KERNEL_OCTAVES) / WORD,
    failures: layout.array('failures', failure.size, failures) / WORD,
    failure: {
      most: failures,
      size: failure.size / WORD,
      number: failure.u32('number') / WORD,
      count: failure.u32('count') / WORD,
    },
  }
}

/** Throws where the kernel side means other numbers of calls, or other buckets of durations, than this program does. */
export function checkConstants(object: Pick<BpfObject, 'constant'>): void {
  const meant = { COMPAT_BIT, FIRST_OCTAVE: FIRST_KERNEL_OCTAVE }
  for (const [name, value] of Object.entries(meant)) {
    if (object.constant(name) !== value) throw new RangeError(`${name} is ${object.constant(name)}, not ${value}`)
  }
}

/** Every system call of every watched process. */
export class SyscallTracer {
  readonly source: string
  readonly rows: IntervalRows
  readonly loss: Loss
  readonly #calls: HalvedRows
  readonly #octaves: HalvedRows
  readonly #at: Offsets
  #read: RowsOfCalls | null = null

  constructor(object: BpfObject, source: string) {
    checkConstants(object)
    this.source = source
    const rows = object.rows('calls', 'calls')
    const state = object.array('syscall_state', 'syscall_state')
    const calls = new HalvedRows(rows, state, 'used')
    const octaves = new HalvedRows(object.rows('octaves', 'octave'), state, 'octaves_used')
    object.layout('octave').array('counts', WORD, OCTAVE_BUCKETS)
    this.#calls = calls
    this.#octaves = octaves
    this.rows = {
      prepare: epoch => {
        calls.prepare(epoch)
        octaves.prepare(epoch)
      },
      fill: epoch => Math.max(calls.fill(epoch), octaves.fill(epoch)),
      usage: epoch => [calls.usage(epoch), octaves.usage(epoch)],
      asRead: epoch => this.#read?.length === calls.taken(epoch) && this.#read.asAdded(),
    }
    this.loss = new Loss(object, state, { no_row: 'lost_no_row', no_memory: 'lost_no_task' }, SYSCALL_PROGRAMS)
    this.#at = offsetsIn(rows.layout, object.layout('failure'))
  }

  /** The calls of an interval, to be read before the next one ends; a pair of process and call may have two records. */
  read(epoch: number): CallRecords {
    const ahead = (epoch & 1) * this.#octaves.capacity
    this.#read = new RowsOfCalls(this.#calls.map(epoch), this.#octaves.map(epoch), ahead, this.#at, epoch)
    return this.#read
  }
}

/** The rows as the kernel side wrote them, where they lie. */
export class RowsOfCalls implements CallRecords {
  words: Uint32Array
  counts: Uint32Array
  /** Octaves of the map that are before these. */
  readonly ahead: number
  readonly #at: Offsets
  readonly #epoch: number
  readonly #release: () => void
  /** Of all rows that were added up, what a program that counts a call changes last; see `asAdded`. */
  #lows = 0
  #highs = 0
  readonly #totals = new CallTotals()
  /** A program was still making one of the rows. */
  #unfinished = false
  #kept = false

  constructor(rows: SharedBytes, octaves: SharedBytes, ahead: number, at: Offsets, epoch: number) {
    this.words = wordsOf(rows)
    this.counts = wordsOf(octaves)
    this.ahead = ahead
    this.#at = at
    this.#epoch = epoch
    let released = false
    this.#release = () => {
      // others may have been mapped there since
      if (released) return
      released = true
      rows.release()
      octaves.release()
    }
  }

  get length(): number {
    return this.words.length / this.#at.size
  }

  /**
   * Whether no call was counted since its row was added up. A program counts it in its bucket, then adds to the sum,
   * raises the maximum, and adds to the errors; or it counts it as untimed. All of them only grow: with any of them grows
   * the total of their upper halves, or else that of the lower ones, and both are exact in a double.
   */
  asAdded(): boolean {
    if (this.#unfinished) return false
    const words = this.words
    const { size, errors, untimed, sum, max } = this.#at
    let lows = 0
    let highs = 0
    for (let row = 0; row < words.length; row += size) {
      lows += (words[row + errors] ?? 0) + (words[row + untimed] ?? 0)
      lows += (words[row + sum] ?? 0) + (words[row + max] ?? 0)
      highs += (words[row + sum + 1] ?? 0) + (words[row + max + 1] ?? 0)
    }
    return lows === this.#lows && highs === this.#highs
  }

  at(index: number, processes = 0): CallRecord | undefined {
    return index < this.length ? new RowOfCalls(this, index * this.#at.size, this.#at, processes) : undefined
  }

  addTo(sums: CallSums, from: number, to: number, processes = 0): void {
    const words = this.words
    const { size, process, call, epoch, errors, untimed, sum, max, touched, octaves } = this.#at
    const totals = this.#totals
    for (let row = from * size; row < to * size; row += size) {
      // the last that is written of a new row
      if (words[row + epoch] !== this.#epoch) this.#unfinished = true
      // each is read once, before the buckets, and upper halves first: a lower one that begins anew after that shows in them
      const failed = words[row + errors] ?? 0
      const unseen = words[row + untimed] ?? 0
      const sumHigh = words[row + sum + 1] ?? 0
      const sumLow = words[row + sum] ?? 0
      const maxHigh = words[row + max + 1] ?? 0
      const maxLow = words[row + max] ?? 0
      this.#lows += failed + unseen + sumLow + maxLow
      this.#highs += sumHigh + maxHigh
      totals.process = processes + (words[row + process] ?? 0)
      totals.call = words[row + call] ?? 0
      totals.errors = failed
      totals.untimed = unseen
      totals.sum = joinU64(sumLow, sumHigh)
      totals.max = joinU64(maxLow, maxHigh)
      totals.lowOctaves = words[row + touched] ?? 0
      totals.highOctaves = words[row + touched + 1] ?? 0
      sums.add(totals, words, row + octaves, this.counts, this.ahead)
    }
  }

  keep(): void {
    if (this.#kept) return
    this.#kept = true
    this.words = this.words.slice()
    this.counts = this.counts.slice()
    this.#release()
  }

  release(): void {
    // whoever reads memory that is not mapped any more ends the program
    this.words = new Uint32Array(0)
    this.counts = new Uint32Array(0)
    this.#release()
  }
}

function wordsOf({ bytes }: SharedBytes): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / WORD)
}

/** A record that reads its row when it is asked. */
class RowOfCalls implements CallRecord, Histogram {
  readonly #rows: RowsOfCalls
  readonly #row: number
  readonly #processes: number
  readonly #at: Offsets

  constructor(rows: RowsOfCalls, row: number, at: Offsets, processes: number) {
    this.#processes = processes
    this.#rows = rows
    this.#row = row
    this.#at = at
  }

  get process(): number {
    return this.#processes + this.#u32(this.#at.process)
  }

  get number(): number {
    return this.#u32(this.#at.call) & ~COMPAT_BIT
  }

  get abi(): 'native' | 'compat' {
    return this.#u32(this.#at.call) & COMPAT_BIT ? 'compat' : 'native'
  }

  get errors(): number {
    return this.#u32(this.#at.errors)
  }

  get failures(): FailureRecord[] {
    const { failures, failure } = this.#at
    const found: FailureRecord[] = []
    for (let i = 0; i < failure.most; i++) {
      const at = failures + i * failure.size
      const count = this.#u32(at + failure.count)
      if (count > 0) found.push({ errno: this.#u32(at + failure.number), count })
    }
    return found
  }

  get untimed(): number {
    return this.#u32(this.#at.untimed)
  }

  get durations(): Histogram {
    return this
  }

  get sum(): number {
    return this.#u64(this.#at.sum)
  }

  get max(): number {
    return this.#u64(this.#at.max)
  }

  nextOctave(from: number): number {
    for (let octave = Math.max(0, from - FIRST_KERNEL_OCTAVE); octave < KERNEL_OCTAVES; octave++) {
      if (this.#u32(this.#at.octaves + octave) !== 0) return octave + FIRST_KERNEL_OCTAVE
    }
    return OCTAVES
  }

  count(bucket: number): number {
    const i = bucket % OCTAVE_BUCKETS
    const octave = (bucket - i) / OCTAVE_BUCKETS - FIRST_KERNEL_OCTAVE
    if (octave < 0 || octave >= KERNEL_OCTAVES) return 0
    const place = this.#u32(this.#at.octaves + octave)
    return place === 0 ? 0 : (this.#rows.counts[(place - 1 - this.#rows.ahead) * OCTAVE_BUCKETS + i] ?? 0)
  }

  #u32(word: number): number {
    return this.#rows.words[this.#row + word] ?? 0
  }

  #u64(word: number): number {
    return joinU64(this.#u32(word), this.#u32(word + 1))
  }
}
