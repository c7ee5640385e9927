import type { SharedBytes } from '../bpf/kernel.ts'
import { joinU64, type StructLayout } from '../bpf/layout.ts'
import type { BpfObject } from '../bpf/object.ts'
import type { CallSums } from '../sample/call-sums.ts'
import { addCounts, HISTOGRAM_SLOTS, type Histogram } from '../sample/histogram.ts'
import { Arena } from './arena.ts'
import { Loss } from './loss.ts'

/** Marks numbers of the 32-bit table; COMPAT_BIT of bpf/syscalls.bpf.h. */
export const COMPAT_BIT = 0x10000

/** Of bpf/syscalls.bpf.c and bpf/plain_syscalls.bpf.c. */
export const SYSCALL_PROGRAMS: ReadonlySet<string> = new Set(['sys_enter', 'sys_exit'])

/** MAX_FAILURES of bpf/syscalls.bpf.h. */
const MAX_FAILURES = 4

/** Calls that ended with one error number. */
export interface FailureRecord {
  readonly errno: number
  readonly count: number
}

/** Calls of one process to one system call in one interval. */
export interface CallRecord {
  /** Index of its process among the process records. */
  readonly process: number
  readonly number: number
  readonly abi: 'native' | 'compat'
  readonly errors: number
  /** The errors by number, as far as there was room to tell them apart. */
  readonly failures: readonly FailureRecord[]
  readonly durations: Histogram
}

/** The calls of one interval. A record is made when it is asked for: there may be many thousands. */
export interface CallRecords {
  readonly length: number
  at(index: number): CallRecord | undefined
  /** Adds up those from one index up to another, which takes no records. */
  addTo(sums: CallSums, from: number, to: number): void
  /** They are not read any more: there are none after that. */
  release(): void
}

/** Where the members of a row lie, in words of four bytes. */
type Offsets = ReturnType<typeof offsetsIn>

const WORD = Uint32Array.BYTES_PER_ELEMENT

function offsetsIn(layout: StructLayout, failure: StructLayout) {
  return {
    size: layout.size / WORD,
    process: layout.u32('process') / WORD,
    call: layout.u32('call') / WORD,
    errors: layout.u32('errors') / WORD,
    sum: layout.u64('sum_ns') / WORD,
    max: layout.u64('max_ns') / WORD,
    slots: layout.array('slots', WORD, HISTOGRAM_SLOTS) / WORD,
    failures: layout.array('failures', failure.size, MAX_FAILURES) / WORD,
    failure: { size: failure.size / WORD, number: failure.u32('number') / WORD, count: failure.u32('count') / WORD },
  }
}

/** Every system call of every watched process. */
export class SyscallTracer {
  readonly source: string
  readonly arena: Arena
  readonly loss: Loss
  readonly #at: Offsets

  constructor(object: BpfObject, source: string) {
    this.source = source
    const rows = object.rows('calls', 'calls')
    const state = object.array('syscall_state', 'syscall_state')
    this.arena = new Arena(rows, state, 'used')
    this.loss = new Loss(object, state, { no_row: 'lost_no_row', no_memory: 'lost_no_task' }, SYSCALL_PROGRAMS)
    this.#at = offsetsIn(rows.layout, object.layout('failure'))
  }

  /** The calls of an interval at rest, to be read before the next one ends; a pair of process and call may have two records. */
  read(epoch: number): CallRecords {
    return new RowsOfCalls(this.arena.map(epoch), this.#at)
  }
}

/** The rows as the kernel side wrote them, where they lie. */
class RowsOfCalls implements CallRecords {
  words: Uint32Array
  readonly #at: Offsets
  readonly #release: () => void

  constructor({ bytes, release }: SharedBytes, at: Offsets) {
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / WORD)
    this.#at = at
    this.#release = release
  }

  get length(): number {
    return this.words.length / this.#at.size
  }

  at(index: number): CallRecord | undefined {
    return index < this.length ? new RowOfCalls(this, index * this.#at.size, this.#at) : undefined
  }

  addTo(sums: CallSums, from: number, to: number): void {
    const words = this.words
    const { size, process, call, errors, sum, max, slots } = this.#at
    for (let row = from * size; row < to * size; row += size) {
      sums.add(
        words[row + process] ?? 0,
        words[row + call] ?? 0,
        words[row + errors] ?? 0,
        joinU64(words[row + sum] ?? 0, words[row + sum + 1] ?? 0),
        joinU64(words[row + max] ?? 0, words[row + max + 1] ?? 0),
        words,
        row + slots,
      )
    }
  }

  release(): void {
    // whoever reads memory that is not mapped any more ends the program
    this.words = new Uint32Array(0)
    this.#release()
  }
}

/** A record that reads its row when it is asked. */
class RowOfCalls implements CallRecord, Histogram {
  readonly #rows: RowsOfCalls
  readonly #row: number
  readonly #at: Offsets

  constructor(rows: RowsOfCalls, row: number, at: Offsets) {
    this.#rows = rows
    this.#row = row
    this.#at = at
  }

  get process(): number {
    return this.#u32(this.#at.process)
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
    for (let i = 0; i < MAX_FAILURES; i++) {
      const at = failures + i * failure.size
      const count = this.#u32(at + failure.count)
      if (count > 0) found.push({ errno: this.#u32(at + failure.number), count })
    }
    return found
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

  count(bucket: number): number {
    return this.#u32(this.#at.slots + bucket)
  }

  addTo(counts: number[]): void {
    addCounts(this.#rows.words, this.#row + this.#at.slots, counts)
  }

  #u32(word: number): number {
    return this.#rows.words[this.#row + word] ?? 0
  }

  #u64(word: number): number {
    return joinU64(this.#u32(word), this.#u32(word + 1))
  }
}
