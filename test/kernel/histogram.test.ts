import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { bucketOf, FIRST_KERNEL_OCTAVE, KERNEL_OCTAVES, OCTAVE_BUCKETS } from '../../src/table/histogram.ts'
import { compiled } from '../support/workload.ts'

const FIRST = FIRST_KERNEL_OCTAVE * OCTAVE_BUCKETS
const LAST = FIRST + KERNEL_OCTAVES * OCTAVE_BUCKETS - 1

/**
 * The bucket i with 2^(i/8) < d <= 2^((i+1)/8) units of 2^-30 s, by OpenTelemetry's definition and without rounding: both
 * sides to the power of eight are whole numbers.
 */
function reference(ns: bigint): number {
  const power = 10n ** 72n
  const least = (((ns ** 8n) << 240n) + power - 1n) / power
  return (least - 1n).toString(2).length - 1
}

test('the kernel side counts no duration in another bucket than OpenTelemetry defines, nor does this one', () => {
  const lines = execFileSync(compiled('buckets'), ['7', '300000'], { encoding: 'utf8', maxBuffer: 1 << 28 })
    .trim()
    .split('\n')
  const wrong: string[] = []
  for (const line of lines) {
    const [ns = '', bucket] = line.split(' ')
    const exact = ns === '0' ? 0 : reference(BigInt(ns))
    if (Number(bucket) + FIRST !== Math.min(Math.max(exact, FIRST), LAST)) wrong.push(`${line}: ${exact - FIRST}`)
    // a double holds so many nanoseconds exactly
    if (BigInt(ns) < 2n ** 53n && bucketOf(Number(ns)) !== Math.max(exact, 0)) wrong.push(`${line} here: ${exact}`)
  }
  expect(lines.length).toBeGreaterThan(300_000)
  expect(wrong.slice(0, 10)).toEqual([])
})
