import { inSlices } from '../../table/slices.ts'

/** Work on one thing: each waits for the one before, and is laid aside whenever it has held up the event loop for long. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  do<T>(work: () => Generator<void, T>): Promise<T> {
    const done = this.#last.then(() => inSlices(work()))
    this.#last = done.catch(() => {})
    return done
  }
}
