import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** Lines of a stream, to be waited for one by one. */
export class Lines {
  readonly #iterator: AsyncIterator<string>

  constructor(stream: Readable) {
    this.#iterator = createInterface({ input: stream })[Symbol.asyncIterator]()
  }

  /** The next line; throws at the end of the stream. */
  async next(): Promise<string> {
    const { value, done } = await this.#iterator.next()
    if (done === true) throw new Error('the output ended')
    return value
  }
}
