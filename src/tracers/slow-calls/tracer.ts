import { readText, readU64 } from '../../bpf/btf/layout.ts'
import type { BpfObject } from '../../bpf/object.ts'
import { HalvedRows } from '../interval-rows.ts'
import { COMPAT_BIT } from '../syscalls/call-records.ts'

const NAME_LENGTH = 16

/** One system call that took long. */
export interface SlowCallRecord {
  readonly pid: number
  readonly tid: number
  /** Of the process. */
  readonly name: string
  readonly number: number
  readonly abi: 'native' | 'compat'
  /** What it returned; an error is negative. */
  readonly result: number
  /** On the monotonic clock. */
  readonly startedNs: number
  readonly durationNs: number
}

/** System calls that took at least as long as `Control.setSlow` says, one by one. */
export class SlowCallTracer {
  readonly rows: HalvedRows
  readonly #size: number
  readonly #at: Record<'started' | 'duration' | 'result' | 'pid' | 'tid' | 'call' | 'name', number>
  readonly #lost: () => number
  #lostBefore = 0

  constructor(object: BpfObject) {
    const rows = object.rows('slow_calls', 'slow_call')
    const state = object.array('slow_call_state', 'slow_call_state')
    const { layout } = rows
    this.rows = new HalvedRows(rows, state, 'used')
    this.#size = layout.size
    this.#at = {
      started: layout.u64('started_ns'),
      duration: layout.u64('duration_ns'),
      result: layout.u64('result'),
      pid: layout.u32('pid'),
      tid: layout.u32('tid'),
      call: layout.u32('call'),
      name: layout.array('name', 1, NAME_LENGTH),
    }
    const lost = state.layout.u64('lost')
    this.#lost = () => readU64(state.view, lost)
  }

  /** The slow calls that ended in an interval at rest. */
  read(epoch: number): SlowCallRecord[] {
    const { bytes: rows } = this.rows.read(epoch)
    const records: SlowCallRecord[] = []
    for (let row = 0; row < rows.byteLength; row += this.#size) {
      const call = rows.getUint32(row + this.#at.call, true)
      records.push({
        pid: rows.getUint32(row + this.#at.pid, true),
        tid: rows.getUint32(row + this.#at.tid, true),
        name: readText(rows, row + this.#at.name, NAME_LENGTH),
        number: call & ~COMPAT_BIT,
        abi: call & COMPAT_BIT ? 'compat' : 'native',
        result: Number(rows.getBigInt64(row + this.#at.result, true)),
        startedNs: readU64(rows, row + this.#at.started),
        durationNs: readU64(rows, row + this.#at.duration),
      })
    }
    return records
  }

  /** Slow calls without a record since the last call of this; they are counted like all others. */
  takeLost(): number {
    const lost = this.#lost()
    const since = lost - this.#lostBefore
    this.#lostBefore = lost
    return since
  }
}
