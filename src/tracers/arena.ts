import type { SharedBytes } from '../bpf/kernel.ts'
import type { ArrayMap, RowMap } from '../bpf/object.ts'
import type { MapUsage } from '../sample/sample.ts'

/**
 * Rows that the kernel side hands out one after the other in each interval, in the half `epoch & 1` of an array map:
 * `used[half]` of a state struct counts them, also those that found no room any more.
 */
export class Arena {
  readonly #rows: RowMap
  readonly #state: ArrayMap
  readonly #used: number

  constructor(rows: RowMap, state: ArrayMap, used: string) {
    this.#rows = rows
    this.#state = state
    this.#used = state.layout.array(used, 4, 2)
  }

  /** Rows of one interval that there is room for. */
  get capacity(): number {
    return this.#rows.entries / 2
  }

  /** Makes the half of the interval to come empty. The one that used it before has been read by then. */
  prepare(epoch: number): void {
    this.#state.view.setUint32(this.#used + 4 * (epoch & 1), 0, true)
  }

  /** Rows that an interval took, and how many there are. */
  usage(epoch: number): MapUsage {
    return { name: this.#rows.name, used: this.#taken(epoch), limit: this.capacity }
  }

  /** Copy of the rows of an interval, one `layout.size` behind the other; only once it is at rest. */
  read(epoch: number): DataView {
    return this.#rows.read((epoch & 1) * this.capacity, this.#taken(epoch))
  }

  /** The same rows where they lie. They are at rest until the interval after the next one is prepared. */
  map(epoch: number): SharedBytes {
    return this.#rows.map((epoch & 1) * this.capacity, this.#taken(epoch))
  }

  #taken(epoch: number): number {
    return Math.min(this.#state.view.getUint32(this.#used + 4 * (epoch & 1), true), this.capacity)
  }
}
