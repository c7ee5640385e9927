import type { SharedBytes } from '../bpf/kernel.ts'
import type { LentBytes } from '../bpf/maps/lent.ts'
import type { RowMap } from '../bpf/maps/row-map.ts'
import type { ArrayMap } from '../bpf/object.ts'
import type { MapUsage } from './tracer.ts'

/**
 * Rows that the kernel side hands out one after the other in each interval, in the half `epoch & 1` of an array map:
 * `used[half]` of a state struct counts them, also those that found no room any more.
 */
export class HalvedRows {
  readonly #rows: RowMap
  readonly #state: ArrayMap
  readonly #used: number
  /** What `read` gave last. */
  #copy: LentBytes | null = null

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
    return { name: this.#rows.name, used: this.taken(epoch), limit: this.capacity }
  }

  /** What part of the rows of an interval is taken. */
  fill(epoch: number): number {
    return this.taken(epoch) / this.capacity
  }

  /** Copy of the rows of an interval, one `layout.size` behind the other, good until the next `read` where nobody else holds it. */
  read(epoch: number): LentBytes {
    this.#copy?.release()
    this.#copy = null
    this.#copy = this.#rows.copy((epoch & 1) * this.capacity, this.taken(epoch))
    return this.#copy
  }

  /** Whether the rows are still as `read` gave them. */
  asRead(epoch: number): boolean {
    if (this.#copy === null) return this.taken(epoch) === 0
    const { bytes, release } = this.map(epoch)
    const same = bytesOf(bytes).equals(bytesOf(this.#copy.bytes))
    release()
    return same
  }

  /** The same rows where they lie, until the interval after the next one is prepared. */
  map(epoch: number): SharedBytes {
    return this.#rows.map((epoch & 1) * this.capacity, this.taken(epoch))
  }

  /** How many rows an interval took. */
  taken(epoch: number): number {
    return Math.min(this.#state.view.getUint32(this.#used + 4 * (epoch & 1), true), this.capacity)
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
