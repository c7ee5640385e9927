/** Reads array maps of many structs, where they lie or as copies, and makes no garbage of that size. */

import type { StructLayout } from './btf/layout.ts'
import { AddressSpace, type SharedBytes } from './kernel.ts'

/** Bytes that are copied in less than a millisecond. */
const COPIED_AT_ONCE = 1 << 20

/** Memory for copies has room for so many times what is copied, and is given back where it has for far more. */
const ROOM = 1.25
const TOO_MUCH = 4

/** Addresses are reserved for so many times what they are needed for now. */
const GROWTH = 2

/** Nobody minds so much. */
const LITTLE = 1 << 16

/**
 * The structs of a map. Only what is read is mapped, and only while it is read: a mapped page counts as memory of this
 * process whether it is used or not. What it is mapped to and copied to is used again and again, since V8 collects all
 * garbage after so many bytes of buffers, however few objects they are.
 */
export class RowMap {
  readonly name: string
  readonly layout: StructLayout
  readonly entries: number
  readonly #fd: number
  #space: AddressSpace | null = null
  readonly #copies = [new ArrayBuffer(0), new ArrayBuffer(0)]

  /** `fd`: of the map, which must be mappable. */
  constructor(name: string, layout: StructLayout, entries: number, fd: number) {
    this.name = name
    this.layout = layout
    this.entries = entries
    this.#fd = fd
  }

  /**
   * Copy of `count` structs, one `layout.size` behind the other; can be laid aside where it yields. It is good until the
   * next but one `turn`, or until the same one is copied again: whoever reads it after that gets an error.
   */
  *copyInPortions(turn: number, first: number, count: number): Generator<void, DataView> {
    const { bytes, release } = this.map(first, count)
    try {
      const copy = this.#roomFor(turn, bytes.byteLength)
      for (let from = 0; from < bytes.byteLength; from += COPIED_AT_ONCE) {
        if (from > 0) yield
        const length = Math.min(COPIED_AT_ONCE, bytes.byteLength - from)
        copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, length), from)
      }
      return new DataView(copy.buffer, 0, bytes.byteLength)
    } finally {
      release()
    }
  }

  /** The same in one go. */
  copy(turn: number, first: number, count: number): DataView {
    const copying = this.copyInPortions(turn, first, count)
    for (;;) {
      const step = copying.next()
      if (step.done === true) return step.value
    }
  }

  /** The same structs where they lie; one part of the map at a time. */
  map(first: number, count: number): SharedBytes {
    const length = count * this.layout.size
    if (length === 0) return { bytes: new DataView(new ArrayBuffer(0)), release() {} }
    const start = first * this.layout.size
    return this.#spaceFor(AddressSpace.span(start, length)).map(this.#fd, start, length)
  }

  close(): void {
    this.#space?.close()
  }

  #spaceFor(length: number): AddressSpace {
    if (this.#space !== null && this.#space.length >= length) return this.#space
    this.#space?.close()
    this.#space = new AddressSpace(GROWTH * length)
    return this.#space
  }

  #roomFor(turn: number, length: number): Uint8Array<ArrayBuffer> {
    const place = turn & 1
    const last = this.#copies[place] ?? new ArrayBuffer(0)
    const fits = length <= last.byteLength && last.byteLength <= Math.max(LITTLE, TOO_MUCH * length)
    // whoever still has the last one must not take what is to come for it
    const buffer = fits ? last.transfer() : Buffer.allocUnsafeSlow(Math.ceil(ROOM * length)).buffer
    this.#copies[place] = buffer
    return new Uint8Array(buffer)
  }
}
