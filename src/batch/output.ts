import type { Writable } from 'node:stream'

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

  /** Why nothing more can be written; null while it can, and where the reader just went away, which is no failure. */
  get failure(): Error | null {
    return this.#failure?.code === 'EPIPE' ? null : this.#failure
  }

  /** The reader was not waited for: what it has got may end in the middle of a line. */
  get cut(): boolean {
    return this.#abandoned && this.#failure === null && this.#stream.writableLength > 0
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
