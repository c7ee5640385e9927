import { readU64 } from '../bpf/layout.ts'
import type { BpfObject } from '../bpf/object.ts'
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

/** Where the members of a row lie. */
interface Offsets {
  readonly process: number
  readonly call: number
  readonly errors: number
  readonly sum: number
  readonly max: number
  readonly slots: number
  readonly failures: number
  readonly failure: { readonly size: number; readonly number: number; readonly count: number }
}

/** Every system call of every watched process. */
export class SyscallTracer {
  readonly source: string
  readonly arena: Arena
  readonly loss: Loss
  readonly #size: number
  readonly #at: Offsets

  constructor(object: BpfObject, source: string) {
    this.source = source
    const rows = object.rows('calls', 'calls')
    const state = object.array('syscall_state', 'syscall_state')
    this.arena = new Arena(rows, state, 'used')
    this.loss = new Loss(object, state, { no_row: 'lost_no_row', no_memory: 'lost_no_task' }, SYSCALL_PROGRAMS)
    this.#size = rows.layout.size
    const failure = object.layout('failure')
    this.#at = {
      process: rows.layout.u32('process'),
      call: rows.layout.u32('call'),
      errors: rows.layout.u32('errors'),
      sum: rows.layout.u64('sum_ns'),
      max: rows.layout.u64('max_ns'),
      slots: rows.layout.array('slots', 4, HISTOGRAM_SLOTS),
      failures: rows.layout.array('failures', failure.size, MAX_FAILURES),
      failure: { size: failure.size, number: failure.u32('number'), count: failure.u32('count') },
    }
  }

  /** The calls of an interval at rest; a pair of process and call may have two records. */
  read(epoch: number): Iterable<CallRecord> {
    return recordsOf(this.arena.read(epoch), this.#size, this.#at)
  }
}

/** The records of rows, each made when it is come to: there may be many thousands, and none of them is kept. */
function recordsOf(rows: DataView, size: number, at: Offsets): Iterable<CallRecord> {
  const words = new Uint32Array(rows.buffer, rows.byteOffset, rows.byteLength / Uint32Array.BYTES_PER_ELEMENT)
  return {
    *[Symbol.iterator]() {
      for (let row = 0; row < rows.byteLength; row += size) yield new RowOfCalls(rows, words, row, at)
    },
  }
}

/** A record that reads its row when it is asked. */
class RowOfCalls implements CallRecord, Histogram {
  readonly #rows: DataView
  readonly #words: Uint32Array
  readonly #row: number
  readonly #at: Offsets

  constructor(rows: DataView, words: Uint32Array, row: number, at: Offsets) {
    this.#rows = rows
    this.#words = words
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
    for (let at = failures; at < failures + MAX_FAILURES * failure.size; at += failure.size) {
      const count = this.#u32(at + failure.count)
      if (count > 0) found.push({ errno: this.#u32(at + failure.number), count })
    }
    return found
  }

  get durations(): Histogram {
    return this
  }

  get sum(): number {
    return readU64(this.#rows, this.#row + this.#at.sum)
  }

  get max(): number {
    return readU64(this.#rows, this.#row + this.#at.max)
  }

  count(bucket: number): number {
    return this.#u32(this.#at.slots + 4 * bucket)
  }

  addTo(counts: Float64Array): void {
    addCounts(this.#words, (this.#row + this.#at.slots) / Uint32Array.BYTES_PER_ELEMENT, counts)
  }

  #u32(offset: number): number {
    return this.#rows.getUint32(this.#row + offset, true)
  }
}
