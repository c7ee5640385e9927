/** Reads what a BPF iterator writes. */

import { closeSync, read } from 'node:fs'
import { promisify } from 'node:util'

const readFile = promisify(read)

/** The kernel hands out eight pages at a time. */
const PORTION = 65_536

/** Room that is kept from one walk to the next. */
const KEPT = 8 * PORTION

/** Records of an iterator; each begins at `start`, and says its own size. */
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

/** Reads iterators to their end, into memory that grows with what there is, up to a limit; what is behind is counted. */
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
    try {
      return await this.#read(file)
    } finally {
      closeSync(file)
      if (this.#room.length > KEPT) this.#room = Buffer.alloc(0)
    }
  }

  async #read(file: number): Promise<Records> {
    const starts: number[] = []
    /** Bytes of records that are kept, and of those that were read. */
    let kept = 0
    let filled = 0
    let leftOut = 0
    for (;;) {
      this.#makeRoom(filled)
      const count = await readOnce(file, this.#room, filled)
      if (count === 0) return { bytes: Buffer.from(this.#room.subarray(0, kept)), starts, leftOut }
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
      this.#room.copyWithin(kept, at, filled)
      filled = kept + filled - at
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
async function readOnce(file: number, room: Buffer, at: number): Promise<number> {
  for (;;) {
    try {
      return (await readFile(file, room, at, room.length - at, null)).bytesRead
    } catch (error) {
      // the kernel pauses after a million objects
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}
