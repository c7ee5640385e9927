import { inSlices } from '../sample/slices.ts'

/** Shorter than other slices, since those of a sample may come in the same turn of the event loop. */
const SLICE_MS = 4

/** Work on one thing: each waits for the one before, and is laid aside whenever it has held up the event loop for long. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  do<T>(work: () => Generator<void, T>): Promise<T> {
    const done = this.#last.then(() => inSlices(work(), SLICE_MS))
    this.#last = done.catch(() => {})
    return done
  }
}
