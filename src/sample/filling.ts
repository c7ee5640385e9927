import type { Halves } from '../tracers/interface.ts'

/** How often is looked whether rows fill up, in milliseconds: a machine that does nothing but fork fills a tenth of them. */
export const LOOK_MS = 100

/**
 * They are read early where they are nearly full; or half full, but not sooner than this after the last time, since the calls
 * of processes that go on take the same rows again.
 */
const NEARLY_FULL = 0.75
const HALF_FULL = 0.5
const SHORTEST_NS = 5e8

/** And after so long at the latest: no counter of 32 bits is full by then. */
const LONGEST_NS = 10e9

/** Whether there may be no room soon for what is counted in an interval of the kernel side, which is so old. */
export function fillsUp(arenas: readonly Halves[], epoch: number, ageNs: number): boolean {
  const fill = Math.max(...arenas.map(arena => arena.fill?.(epoch) ?? 0))
  return fill >= NEARLY_FULL || (fill >= HALF_FULL && ageNs >= SHORTEST_NS) || ageNs >= LONGEST_NS
}
