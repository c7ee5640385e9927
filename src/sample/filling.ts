import type { IntervalRows } from '../tracers/tracer.ts'

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

/**
 * No counter of 32 bits comes round in less: processors that share one raise it some 50 million times a second at most. Only
 * where this program is stopped or frozen does an interval of the kernel side become so old.
 */
const SAFE_NS = 60e9

/** What is to be said of numbers of an interval of the kernel side that became so old; null: they are right. */
export function doubtOf(ageNs: number): string | null {
  if (ageNs < SAFE_NS) return null
  return `this program was stopped for ${Math.round(ageNs / 1e9)} s: numbers of calls beyond 4 billion are too low`
}

/** Whether there may be no room soon for what is counted in an interval of the kernel side, which is so old. */
export function fillsUp(all: readonly IntervalRows[], epoch: number, ageNs: number): boolean {
  const fill = Math.max(...all.map(rows => rows.fill?.(epoch) ?? 0))
  return fill >= NEARLY_FULL || (fill >= HALF_FULL && ageNs >= SHORTEST_NS) || ageNs >= LONGEST_NS
}
