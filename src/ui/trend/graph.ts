/** Values over time in a line of text. */

/** From nothing to all: each also has a sign in ASCII (src/text/signs.ts). The lowest is zero, and nothing else. */
const BARS = '▁▂▃▄▅▆▇'

/** What was not measured leaves its place empty. */
const NOTHING = ' '

/** The last `width` values, the newest at the right, each in a cell. `scale`: the value of the highest bar. */
export function graph(values: readonly (number | null)[], scale: number, width: number): string {
  const last = values.slice(-width)
  return NOTHING.repeat(width - last.length) + last.map(value => bar(value, scale)).join('')
}

function bar(value: number | null, scale: number): string {
  if (value === null) return NOTHING
  if (value <= 0) return BARS.charAt(0)
  const most = BARS.length - 1
  return BARS.charAt(Math.max(1, Math.min(most, Math.ceil((most * value) / scale))))
}

/** Values before the newest that it is compared with. */
const COMPARED = 10

/** A change of less is none. */
const RISE = 1.25

/** Whether the newest value is above the mean of those before it, below it, or about the same. */
export function direction(values: readonly (number | null)[]): 'up' | 'down' | 'level' {
  const newest = values.at(-1) ?? null
  const before = values.slice(-1 - COMPARED, -1).filter(value => value !== null)
  if (newest === null || before.length === 0) return 'level'
  const mean = before.reduce((sum, value) => sum + value, 0) / before.length
  if (newest > mean * RISE) return 'up'
  return newest * RISE < mean ? 'down' : 'level'
}
