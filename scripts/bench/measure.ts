/** Figures: medians with their spread, compared pair by pair so that a machine whose speed drifts does not matter. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly count: number
}

/** What a figure has to reach. */
export interface Goal {
  readonly text: string
  readonly holds: (median: number) => boolean
}

/** One line of the report: what was measured, once a round. */
export interface Figure {
  readonly what: string
  readonly goal: Goal | null
  readonly unit: Unit
  readonly values: readonly number[]
}

/** `x`: a ratio; `yes`: 1 for yes and 0 for no; `count`: of whatever the line names. */
export type Unit = 'ns' | 'μs' | 'ms' | 's' | 'x' | '%' | 'MB' | 'MB/h' | 'bytes/s' | 'requests/s' | 'count' | 'yes'

/** One measurement of something between two of what it is compared with. */
export interface Pair {
  readonly base: number
  readonly value: number
}

/** Middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (lower + upper) / 2
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length }
}

export function figure(what: string, unit: Unit, values: readonly number[], goal: Goal | null = null): Figure {
  return { what, unit, values, goal }
}

export function atMost(limit: number, unit: Unit): Goal {
  return { text: `<= ${withUnit(limit, unit)}`, holds: value => value <= limit }
}

export function atLeast(limit: number, unit: Unit): Goal {
  return { text: `>= ${withUnit(limit, unit)}`, holds: value => value >= limit }
}

export const MUST_HOLD: Goal = { text: 'yes', holds: value => value === 1 }

/** `values[i] / bases[i]`, as far as both go: what was measured in the same round. */
export function ratios(values: readonly number[], bases: readonly number[]): number[] {
  return values.slice(0, bases.length).map((value, i) => value / (bases[i] ?? Number.NaN))
}

/** What each pair has more than its base. */
export function added(pairs: readonly Pair[]): number[] {
  return pairs.map(({ base, value }) => value - base)
}

/** The pair in which as many have more added as have less. */
export function middle(pairs: readonly Pair[]): Pair {
  const sorted = pairs.toSorted((a, b) => a.value - a.base - (b.value - b.base))
  const pair = sorted[Math.floor(sorted.length / 2)]
  if (pair === undefined) throw new RangeError('no pairs')
  return pair
}

/** Measures base, subject, base: what the subject is compared with is the mean of the one before and the one after. */
export async function between(base: () => Promise<number>, subject: () => Promise<number>): Promise<Pair> {
  const before = await base()
  const value = await subject()
  return { base: (before + (await base())) / 2, value }
}

/** As often as that, one after the other. */
export async function times<T>(count: number, what: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < count; i++) results.push(await what())
  return results
}

export function withUnit(value: number, unit: Unit): string {
  if (unit === 'yes') return value === 1 ? 'yes' : value === 0 ? 'no' : `${rounded(100 * value)} % yes`
  if (unit === 'count') return rounded(value)
  return unit === 'x' ? `${rounded(value)}x` : `${rounded(value)} ${unit}`
}

/** Three digits, or all before the point. */
function rounded(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value === 0) return '0'
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toFixed(digits)
}

export function sleep(seconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 1000 * seconds))
}
