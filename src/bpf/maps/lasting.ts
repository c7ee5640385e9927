import { type Mapping, mapShared, PAGE_SIZE, type SharedBytes } from '../kernel.ts'

/** More than is asked for is mapped, so that it need not be done anew with the next interval: so many times, and bytes at least. */
const GROWTH = 2
const LEAST = 1 << 16

/** One mapping, and how many read it. */
class Part {
  readonly length: number
  readonly #mapping: Mapping
  readonly #ahead: number
  #readers = 0
  #isOver = false

  constructor(fd: number, start: number, length: number) {
    this.#ahead = start % PAGE_SIZE
    this.length = length
    this.#mapping = mapShared(fd, this.#ahead + length, start - this.#ahead)
  }

  read(length: number): SharedBytes {
    this.#readers++
    let isRead = true
    const release = (): void => {
      if (!isRead) return
      isRead = false
      this.#readers--
      if (this.#isOver && this.#readers === 0) this.#mapping.release()
    }
    return { bytes: new DataView(this.#mapping.buffer, this.#ahead, length), release }
  }

  /** It goes once nobody reads it. To be called once. */
  end(): void {
    this.#isOver = true
    if (this.#readers === 0) this.#mapping.release()
  }
}

/** Parts of a map that stay mapped: to map them and to take that back with each interval costs more than all that is read of them. */
export class LastingParts {
  readonly #fd: number
  /** Bytes of the map. */
  readonly #size: number
  readonly #parts = new Map<number, Part>()

  constructor(fd: number, size: number) {
    this.#fd = fd
    this.#size = size
  }

  /** `length` bytes from `start` on. */
  read(start: number, length: number): SharedBytes {
    const known = this.#parts.get(start)
    if (known !== undefined && known.length >= length) return known.read(length)
    // where the new one cannot be mapped there is none
    this.#parts.delete(start)
    known?.end()
    const part = new Part(this.#fd, start, Math.min(this.#size - start, Math.max(LEAST, GROWTH * length)))
    this.#parts.set(start, part)
    return part.read(length)
  }

  close(): void {
    for (const part of this.#parts.values()) part.end()
    this.#parts.clear()
  }
}
