import { expect, test } from 'vitest'
import { type Reading, readClocks, Times } from '../../../src/bpf/clock.ts'

const SECOND = 1e9
const HOUR = 3600 * SECOND
const UNIX = 1.7e18

/** After so many seconds awake: suspended for some, and the clock is by some ahead of what it was. */
function after(seconds: number, { suspended = 0, ahead = 0 } = {}): Reading {
  const monotonicNs = (100 + seconds) * SECOND
  const bootNs = monotonicNs + (50 + suspended) * SECOND
  return { monotonicNs, bootNs, unixNs: UNIX + bootNs + ahead * SECOND }
}

const STARTED = 90 * SECOND

test('a moment is the same number in each sample', () => {
  let times = Times.of(after(0))
  const first = [times.ofMonotonic(STARTED), times.ofBoot(STARTED)]
  expect(first).toEqual([UNIX + STARTED + 50 * SECOND, UNIX + STARTED])
  // a time daemon makes it faster, by half a millisecond in a second
  for (let i = 1; i < 2000; i++) {
    times = times.next(after(i, { ahead: i * 0.0005 }))
    expect([times.ofMonotonic(STARTED), times.ofBoot(STARTED)]).toEqual(first)
  }
  const late = times.ofMonotonic(2099 * SECOND) - (UNIX + 2099 * SECOND + 50 * SECOND + 0.9995 * SECOND)
  expect(Math.abs(late)).toBeLessThanOrEqual(2e6)
})

test.each([3600, 5, -5, -3600, 0.1])(
  'all are as if the clock had always been ahead by the %d s that it was set',
  ahead => {
    const times = Times.of(after(0)).next(after(1, { ahead }))
    expect(times.ofMonotonic(STARTED)).toBe(UNIX + STARTED + 50 * SECOND + ahead * SECOND)
    expect(times.next(after(2, { ahead })).ofBoot(STARTED)).toBe(UNIX + STARTED + ahead * SECOND)
    expect(times.next(after(2)).ofBoot(STARTED)).toBe(UNIX + STARTED)
  },
)

test('what began before the machine was suspended keeps its time, what came after has its own', () => {
  const times = Times.of(after(0))
    .next(after(10))
    .next(after(11, { suspended: 3600 }))
    .next(after(12, { suspended: 3600 }))
  expect(times.ofMonotonic(STARTED)).toBe(UNIX + STARTED + 50 * SECOND)
  expect(times.ofMonotonic(112 * SECOND)).toBe(UNIX + 112 * SECOND + 50 * SECOND + HOUR)
  expect(times.ofBoot(162 * SECOND + HOUR)).toBe(UNIX + 162 * SECOND + HOUR)
})

test('what it keeps is bounded', () => {
  let times = Times.of(after(0))
  for (let i = 1; i < 1000; i++) times = times.next(after(i, { suspended: i }))
  expect(times.ofMonotonic(1099 * SECOND)).toBe(UNIX + (1099 + 50 + 999) * SECOND)
})

test('the clocks are those of the kernel', () => {
  const { monotonicNs, bootNs, unixNs } = readClocks()
  expect(Math.abs(Number(process.hrtime.bigint()) - monotonicNs)).toBeLessThan(SECOND)
  expect(Math.abs(Date.now() * 1e6 - unixNs)).toBeLessThan(SECOND)
  expect(bootNs).toBeGreaterThanOrEqual(monotonicNs - 1e6)
})
