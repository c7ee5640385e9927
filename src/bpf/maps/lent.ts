/** Memory that is used again once nobody holds it: V8 collects all garbage after so many bytes of buffers, however few they are. */

/** A buffer has room for so many times what is asked for, and is given back where it has room for far more. */
const ROOM = 1.25
const TOO_MUCH = 4

/** Nobody minds so much. */
const LITTLE = 1 << 16

/** More that nobody holds are given back: after an interval that was read in many parts there may be hundreds. */
const MOST_FREE = 2

/** Bytes that are good until they were released as often as they are held. Reading them after that is an error. */
export interface LentBytes {
  readonly bytes: DataView
  hold(): void
  release(): void
}

/** Lends buffers. One that is never released is garbage like all others. */
export class Lender {
  /** Buffers that nobody holds, the one that was used last at the end. */
  readonly #free: ArrayBuffer[] = []

  /** So many bytes, whatever is in them; whoever asks holds them. */
  lend(length: number): LentBytes {
    const buffer = this.#bufferFor(length)
    let holders = 1
    return {
      bytes: new DataView(buffer, 0, length),
      hold() {
        holders++
      },
      release: () => {
        // whoever still has the view of it must not take what is to come for it
        if (--holders !== 0) return
        const free = buffer.transfer()
        if (this.#free.length < MOST_FREE) this.#free.push(free)
      },
    }
  }

  #bufferFor(length: number): ArrayBuffer {
    const last = this.#free.pop()
    const fits = last !== undefined && length <= last.byteLength
    if (fits && last.byteLength <= Math.max(LITTLE, TOO_MUCH * length)) return last
    return Buffer.allocUnsafeSlow(Math.ceil(ROOM * length)).buffer
  }
}
