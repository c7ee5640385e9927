import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../errors.ts'

/** How long a reader may let the program wait, once that was told to end, in milliseconds. */
const PATIENCE = 1000

/** Where batch mode writes: a stream whose reader may be slow, or go away. */
export class Output {
  readonly #stream: Writable
  #failure: NodeJS.ErrnoException | null = null
  /** The reader has had its time. */
  #abandoned = false
  #isHurried = false
  #isAbandonDue = false
  /** What belongs together is not all written yet. */
  #isPartial = false
  /** Something was not written any more. */
  #hasDropped = false
  #waiting: (() => void)[] = []

  /** `onEnd` is called when nothing more can be written. */
  constructor(stream: Writable, onEnd: () => void = () => {}) {
    this.#stream = stream
    stream.on('drain', () => this.#resume())
    stream.on('error', error => {
      this.#failure ??= error
      this.#resume()
      onEnd()
    })
  }

  /** @throws UserError where not all could be written, or was read in time; that the reader just went away is no failure */
  check(): void {
    if (this.#failure !== null && this.#failure.code !== 'EPIPE') {
      const { message } = this.#failure
      throw new UserError('failed', `writing to stdout: ${message}`, 'check the file or device that stdout goes to')
    }
    const isCut = this.#abandoned && (this.#hasDropped || this.#stream.writableLength > 0)
    if (this.#failure === null && (isCut || this.#isPartial)) {
      throw new UserError('failed', 'stdout was not read in time: its last line may be incomplete', 'ignore that line')
    }
  }

  /** Resolves when the stream takes more, or never will. */
  write(text: string): Promise<void> {
    if (text === '') return Promise.resolve()
    if (this.#over) {
      this.#hasDropped = true
      return Promise.resolve()
    }
    return this.#stream.write(text) ? Promise.resolve() : this.#wait()
  }

  /** Writes what belongs together, and lets signals and other work have their turn in between. */
  async writeAll(parts: Iterable<string>): Promise<void> {
    this.#isPartial = true
    for (const part of parts) {
      await this.write(part)
      await setImmediate()
    }
    this.#isPartial = false
  }

  /** Resolves when all that was written is read, or nobody will read it. */
  flush(): Promise<void> {
    if (this.#over || this.#stream.writableLength === 0) return Promise.resolve()
    return this.#wait()
  }

  /** From now on nobody waits long for the reader: as long as this in all, once it does not read. */
  hurry(): void {
    this.#isHurried = true
    if (this.#waiting.length > 0) this.#abandonSoon()
  }

  get #over(): boolean {
    return this.#failure !== null || this.#abandoned
  }

  #wait(): Promise<void> {
    if (this.#isHurried) this.#abandonSoon()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #abandonSoon(): void {
    if (this.#isAbandonDue) return
    this.#isAbandonDue = true
    const abandon = () => {
      this.#abandoned = true
      this.#resume()
    }
    setTimeout(abandon, PATIENCE).unref()
  }

  #resume(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
