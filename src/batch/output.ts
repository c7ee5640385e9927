import type { Writable } from 'node:stream'
import { UserError } from '../cli/errors.ts'

/** How long a reader may take for what is left, once the program was told to end, in milliseconds. */
const PATIENCE = 1000

/** Where batch mode writes: a stream whose reader may be slow, or go away. */
export class Output {
  readonly #stream: Writable
  #failure: NodeJS.ErrnoException | null = null
  /** The reader has had its time. */
  #abandoned = false
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
      throw new UserError('failed', `writing to stdout: ${message}`, 'see to it that there is room for it')
    }
    if (this.#abandoned && this.#failure === null && this.#stream.writableLength > 0) {
      throw new UserError('failed', 'stdout was not read in time: its last line may be cut', 'leave that line out')
    }
  }

  /** Resolves when the stream takes more, or never will. */
  write(text: string): Promise<void> {
    if (text === '' || this.#over || this.#stream.write(text)) return Promise.resolve()
    return this.#wait()
  }

  /** Resolves when all that was written is read, or nobody will read it. */
  flush(): Promise<void> {
    if (this.#over || this.#stream.writableLength === 0) return Promise.resolve()
    return this.#wait()
  }

  /** From now on nobody waits long for the reader. */
  hurry(): void {
    const abandon = () => {
      this.#abandoned = true
      this.#resume()
    }
    setTimeout(abandon, PATIENCE).unref()
  }

  get #over(): boolean {
    return this.#failure !== null || this.#abandoned
  }

  #wait(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #resume(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
