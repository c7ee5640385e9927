import { readU64 } from '../bpf/layout.ts'
import type { BpfObject } from '../bpf/object.ts'
import { HISTOGRAM_SLOTS, type Histogram } from '../sample/histogram.ts'
import { Arena } from './arena.ts'
import { Loss } from './loss.ts'

/** Marks numbers of the 32-bit table; COMPAT_BIT of bpf/syscalls.bpf.c. */
export const COMPAT_BIT = 0x10000

/** MAX_FAILURES of bpf/syscalls.bpf.c. */
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

/** Every system call of every watched process. */
export class SyscallTracer {
  readonly source = 'tp_btf'
  readonly arena: Arena
  readonly loss: Loss
  readonly #size: number
  readonly #failure: Record<'size' | 'number' | 'count', number>
  readonly #at: Record<'process' | 'call' | 'errors' | 'sum' | 'max' | 'failures' | 'slots', number>

  constructor(object: BpfObject) {
    const rows = object.rows('calls', 'calls')
    const state = object.array('syscall_state', 'syscall_state')
    this.arena = new Arena(rows, state, 'used')
    this.loss = new Loss(object, state, { no_row: 'lost_no_row', no_memory: 'lost_no_task' })
    this.#size = rows.layout.size
    const failure = object.layout('failure')
    this.#failure = { size: failure.size, number: failure.u32('number'), count: failure.u32('count') }
    this.#at = {
      process: rows.layout.u32('process'),
      call: rows.layout.u32('call'),
      errors: rows.layout.u32('errors'),
      sum: rows.layout.u64('sum_ns'),
      max: rows.layout.u64('max_ns'),
      failures: rows.layout.array('failures', failure.size, MAX_FAILURES),
      slots: rows.layout.array('slots', 4, HISTOGRAM_SLOTS),
    }
  }

  /** The calls of an interval at rest; a pair of process and call may have two records. */
  read(epoch: number): CallRecord[] {
    const rows = this.arena.read(epoch)
    const records: CallRecord[] = []
    for (let at = 0; at < rows.byteLength; at += this.#size) {
      const call = rows.getUint32(at + this.#at.call, true)
      const errors = rows.getUint32(at + this.#at.errors, true)
      records.push({
        process: rows.getUint32(at + this.#at.process, true),
        number: call & ~COMPAT_BIT,
        abi: call & COMPAT_BIT ? 'compat' : 'native',
        errors,
        failures: errors === 0 ? [] : this.#readFailures(rows, at + this.#at.failures),
        durations: {
          counts: new Uint32Array(rows.buffer, at + this.#at.slots, HISTOGRAM_SLOTS),
          sum: readU64(rows, at + this.#at.sum),
          max: readU64(rows, at + this.#at.max),
        },
      })
    }
    return records
  }

  #readFailures(rows: DataView, start: number): FailureRecord[] {
    const failures: FailureRecord[] = []
    for (let i = 0; i < MAX_FAILURES; i++) {
      const at = start + i * this.#failure.size
      const count = rows.getUint32(at + this.#failure.count, true)
      if (count > 0) failures.push({ errno: rows.getUint32(at + this.#failure.number, true), count })
    }
    return failures
  }
}
