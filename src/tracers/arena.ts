import type { ArrayMap } from '../bpf/object.ts'

/**
 * Rows that the kernel side hands out one after the other in each interval, in the half `epoch & 1` of an array map:
 * `used[half]` of a state struct counts them, also those that found no room any more.
 */
export class Arena {
  readonly #rows: ArrayMap
  readonly #state: ArrayMap
  readonly #used: number

  constructor(rows: ArrayMap, state: ArrayMap, used: string) {
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

  /** Copy of the rows of an interval, one `layout.size` behind the other; only once it is at rest. */
  read(epoch: number): DataView {
    const half = epoch & 1
    const used = Math.min(this.#state.view.getUint32(this.#used + 4 * half, true), this.capacity)
    const start = half * this.capacity * this.#rows.layout.size
    return copy(this.#rows.view, start, used * this.#rows.layout.size)
  }
}

/** Copy of a part of a view. */
export function copy(view: DataView, start: number, length: number): DataView {
  const from = view.byteOffset + start
  return new DataView(view.buffer.slice(from, from + length))
}
