/** What work that can be laid aside gives in the end, if nothing it yields need be waited for. */
export function toEnd<T>(work: Generator<void | Promise<void>, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
