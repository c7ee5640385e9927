/** Reads array maps of many structs, where they lie or as copies, and makes no garbage of that size. */

import type { StructLayout } from '../btf/layout.ts'
import { AddressSpace, type SharedBytes } from '../kernel.ts'
import { LastingParts } from './lasting.ts'
import { Lender, type LentBytes } from './lent.ts'

/** Bytes that are copied in less than a millisecond. */
const COPIED_AT_ONCE = 1 << 20

/** Addresses are reserved for so many times what they are needed for now. */
const GROWTH = 2

/** Parts of so many bytes stay mapped. */
const LASTS = 1 << 20

/**
 * The structs of a map. Only what is read is mapped, and where that is much, only while it is read: a mapped page counts as
 * memory of this process whether it is used or not. What it is mapped to and copied to is used again and again.
 */
export class RowMap {
  readonly name: string
  readonly layout: StructLayout
  readonly entries: number
  readonly #fd: number
  #space: AddressSpace | null = null
  readonly #copies = new Lender()
  readonly #lasting: LastingParts

  /** `fd`: of the map, which must be mappable. */
  constructor(name: string, layout: StructLayout, entries: number, fd: number) {
    this.name = name
    this.layout = layout
    this.entries = entries
    this.#fd = fd
    this.#lasting = new LastingParts(fd, entries * layout.size)
  }

  /** Copy of `count` structs, one `layout.size` behind the other; can be laid aside where it yields. */
  *copyInPortions(first: number, count: number): Generator<void, LentBytes> {
    const { bytes, release } = this.map(first, count)
    try {
      const copy = this.#copies.lend(bytes.byteLength)
      const to = new Uint8Array(copy.bytes.buffer, copy.bytes.byteOffset, copy.bytes.byteLength)
      for (let from = 0; from < bytes.byteLength; from += COPIED_AT_ONCE) {
        if (from > 0) yield
        const length = Math.min(COPIED_AT_ONCE, bytes.byteLength - from)
        to.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, length), from)
      }
      return copy
    } finally {
      release()
    }
  }

  /** The same in one go. */
  copy(first: number, count: number): LentBytes {
    const copying = this.copyInPortions(first, count)
    for (;;) {
      const step = copying.next()
      if (step.done === true) return step.value
    }
  }

  /** The same structs where they lie; of what is large one part of the map at a time. */
  map(first: number, count: number): SharedBytes {
    const length = count * this.layout.size
    if (length === 0) return { bytes: new DataView(new ArrayBuffer(0)), release() {} }
    const start = first * this.layout.size
    if (length <= LASTS) return this.#lasting.read(start, length)
    return this.#spaceFor(AddressSpace.span(start, length)).map(this.#fd, start, length)
  }

  close(): void {
    this.#space?.close()
    this.#lasting.close()
  }

  #spaceFor(length: number): AddressSpace {
    if (this.#space !== null && this.#space.length >= length) return this.#space
    this.#space?.close()
    this.#space = new AddressSpace(GROWTH * length)
    return this.#space
  }
}
