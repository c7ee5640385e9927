import { readU64 } from '../bpf/layout.ts'
import type { ArrayMap, BpfObject } from '../bpf/object.ts'

/** What a tracer could not count: its counters in the kernel, and runs that the kernel left out. */
export class Loss {
  readonly #object: BpfObject
  readonly #state: ArrayMap
  readonly #offsets: readonly number[]
  #before = 0

  constructor(object: BpfObject, state: ArrayMap, counters: readonly string[]) {
    this.#object = object
    this.#state = state
    this.#offsets = counters.map(name => state.layout.u64(name))
  }

  /** Events lost since the last call. */
  take(): number {
    const counted = this.#offsets.reduce((sum, offset) => sum + readU64(this.#state.view, offset), 0)
    const missed = this.#object.statistics().reduce((sum, program) => sum + program.missed, 0)
    const lost = counted + missed - this.#before
    this.#before += lost
    return lost
  }
}
