import { readU64 } from '../../bpf/btf/layout.ts'
import type { KeyedMap } from '../../bpf/maps/hash.ts'
import type { BpfObject } from '../../bpf/object.ts'
import { type Losses, missedRuns, Since } from '../loss.ts'
import { FIRST } from './control.ts'

/** What compatible mode could not count: one counter of `compat_state`, and runs that the kernel left out. */
export class CompatLoss {
  readonly #object: BpfObject
  readonly #state: KeyedMap
  readonly #offset: number
  readonly #since = new Since()

  constructor(object: BpfObject, counter: 'lost_calls' | 'lost_bytes' | 'lost_connections') {
    this.#object = object
    this.#state = object.keyed('compat_state')
    this.#offset = object.layout('compat_state').u64(counter)
  }

  /** Events lost since the last call. */
  take(): Losses {
    const state = this.#state.get(FIRST)
    const counted = state === null ? 0 : readU64(state, this.#offset)
    return this.#since.take({ no_row: counted, missed: missedRuns(this.#object) })
  }
}
