/** Reads what a BPF iterator writes. */

import { closeSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

/** The kernel hands out eight pages at a time. */
const PORTION = 65_536

/** Room that is kept from one walk to the next: for some 15,000 records. */
const KEPT = 32 * PORTION

/** How long reading may hold up the event loop, in milliseconds. */
const SLICE_MS = 2

/** Records of an iterator; each begins at `start`, and says its own size. They are there until the next ones are read. */
export interface Records {
  readonly bytes: Buffer
  readonly starts: readonly number[]
  /** Those behind the limit, which are not there. */
  readonly leftOut: number
}

/** How many records are kept at most, and bytes of them. */
export interface Limit {
  readonly records: number
  readonly bytes: number
}

/**
 * Reads iterators to their end, into memory that grows with what there is, up to a limit; what is behind is counted. It never
 * waits: on another thread each of the many reads would take several times as long.
 */
export class RecordReader {
  readonly #sizeAt: number
  readonly #limit: Limit
  #room = Buffer.alloc(0)

  /** `sizeAt`: where a record has its size, in 32 bits. */
  constructor(sizeAt: number, limit: Limit) {
    this.#sizeAt = sizeAt
    this.#limit = limit
  }

  /** Closes the file. Throws where the kernel refuses to go on. */
  async read(file: number): Promise<Records> {
    if (this.#room.length > KEPT) this.#room = Buffer.alloc(0)
    try {
      return await this.#read(file)
    } finally {
      closeSync(file)
    }
  }

  async #read(file: number): Promise<Records> {
    const starts: number[] = []
    /** Bytes of records that are kept, and of those that were read. */
    let kept = 0
    let filled = 0
    let leftOut = 0
    let since = performance.now()
    for (;;) {
      this.#makeRoom(filled)
      const count = readOnce(file, this.#room, filled)
      if (count === 0) return { bytes: this.#room.subarray(0, kept), starts, leftOut }
      filled += count
      let at = kept
      while (at + this.#sizeAt + 4 <= filled) {
        const size = this.#room.readUInt32LE(at + this.#sizeAt)
        if (size === 0) throw new RangeError('a record without a size')
        if (at + size > filled) break
        if (starts.length < this.#limit.records && at === kept && at + size <= this.#limit.bytes) {
          starts.push(at)
          kept = at + size
        } else {
          leftOut++
        }
        at += size
      }
      // the begin of the next one stands behind those that are kept
      if (at > kept) this.#room.copyWithin(kept, at, filled)
      filled = kept + filled - at
      if (performance.now() - since < SLICE_MS) continue
      await setImmediate()
      since = performance.now()
    }
  }

  #makeRoom(filled: number): void {
    if (this.#room.length - filled >= PORTION) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#room.length, filled + PORTION))
    this.#room.copy(larger, 0, 0, filled)
    this.#room = larger
  }
}

/** Bytes that were read; 0 at the end. */
function readOnce(file: number, room: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(file, room, at, room.length - at, null)
    } catch (error) {
      // the kernel pauses after a million objects
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}
