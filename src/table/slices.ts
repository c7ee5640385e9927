import { setImmediate } from 'node:timers/promises'

/** Rows between two points at which work can be laid aside. */
export const PORTION = 256

/** How long work may hold up the event loop, in milliseconds: a quarter of a frame at 60 a second, for garbage comes on top. */
const SLICE_MS = 4

/**
 * Does work that can be laid aside whenever it yields, and lets the event loop turn in between, at least every so many
 * milliseconds. What it yields is waited for.
 */
export async function inSlices<T>(work: Generator<void | Promise<void>, T>): Promise<T> {
  let since = performance.now()
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (step.value !== undefined) await step.value
    if (performance.now() - since < SLICE_MS) continue
    await setImmediate()
    since = performance.now()
  }
}
