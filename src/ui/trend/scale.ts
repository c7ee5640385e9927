/** How high a graph is. A scale that followed every value would make all bars jump with the newest one. */

/** Steps of a decade. */
const NICE = [1, 2, 5, 10] as const

/** The least of 1, 2, 5, 10, 20, ... that is not less. */
export function niceAbove(value: number): number {
  if (!(value > 0)) return 0
  const decade = 10 ** Math.floor(Math.log10(value))
  return (NICE.find(step => step * decade >= value) ?? 10) * decade
}

/**
 * What fills a graph, given what did until now, and the highest value in it: it grows at once, and shrinks one step a sample
 * when the graph would be less than half full on the next lower one too.
 */
export function nextScale(before: number, highest: number, least: number): number {
  const fitting = Math.max(least, niceAbove(highest))
  if (before <= fitting) return fitting
  const lower = Math.max(least, stepBelow(before))
  return highest <= lower / 2 || lower === least ? Math.max(lower, fitting) : before
}

/** The next lower of the scales. */
function stepBelow(scale: number): number {
  const decade = 10 ** Math.floor(Math.log10(scale) - 1e-9)
  return (NICE.findLast(step => step * decade < scale * (1 - 1e-9)) ?? 1) * decade
}
