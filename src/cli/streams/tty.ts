/**
 * A terminal that is written to without waiting for it. Node waits: where a terminal does not read - a line that is
 * stuck, a window that was stopped - the whole program would stand still with it.
 */

import { constants, openSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { WriteStream } from 'node:tty'

/** Milliseconds after which a terminal that had no room is tried again. */
const RETRY = 20

export class Tty extends Writable {
  readonly isTTY = true
  readonly #fd: number
  readonly #size: Pick<WriteStream, 'columns' | 'rows'>
  #left: Buffer = Buffer.alloc(0)
  #done: ((error?: Error | null) => void) | null = null

  /** Writes to `fd`, which must be open for writing without waiting; `stream` knows the size. */
  constructor(fd: number, stream: Pick<WriteStream, 'columns' | 'rows' | 'on'>) {
    super({ autoDestroy: false })
    this.#fd = fd
    this.#size = stream
    stream.on('resize', () => this.emit('resize'))
  }

  get columns(): number {
    return this.#size.columns
  }

  get rows(): number {
    return this.#size.rows
  }

  /** Waits, and everything with it, up to so many milliseconds until all is written; false where it is not even then. */
  flushFor(milliseconds: number): boolean {
    const end = performance.now() + milliseconds
    const clock = new Int32Array(new SharedArrayBuffer(4))
    while (this.#done !== null && performance.now() < end) {
      this.#go()
      if (this.#done !== null) Atomics.wait(clock, 0, 0, RETRY)
    }
    return this.#done === null
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#left = chunk
    this.#done = done
    this.#go()
    if (this.#done !== null) this.#later()
  }

  #later(): void {
    setTimeout(() => {
      this.#go()
      if (this.#done !== null) this.#later()
    }, RETRY)
  }

  /** Writes as much as there is room for. */
  #go(): void {
    const done = this.#done
    if (done === null) return
    try {
      while (this.#left.length > 0) this.#left = this.#left.subarray(writeSync(this.#fd, this.#left))
    } catch (error) {
      if (isBusy(error)) return
      this.#done = null
      done(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#done = null
    done()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EINTR')
}

/** Those that are open, by the descriptors of their streams. */
const open = new Map<number, Tty>()

/**
 * The terminal behind `stream`. It is opened once more, and once alone, because whether writes wait is a property of what
 * was opened, and what is open here others have too. Where it cannot be opened, or is no terminal, it is `stream` itself.
 */
export function openTty<Stream extends WriteStream & { readonly fd: number }>(stream: Stream): Tty | Stream {
  if (!stream.isTTY) return stream
  const known = open.get(stream.fd)
  if (known !== undefined) return known
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
    const tty = new Tty(openSync(`/proc/self/fd/${stream.fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY), stream)
    open.set(stream.fd, tty)
    return tty
  } catch {
    return stream
  }
}
