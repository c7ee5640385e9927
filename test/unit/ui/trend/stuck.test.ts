/** Calls that are stuck, in the overview. */

import { afterEach, expect, it } from 'vitest'
import { inFlightRow } from '../../../support/samples.ts'
import { everybodyLeaves, sitDown } from '../person.ts'
import { sampleOf } from '../samples.ts'

afterEach(everybodyLeaves)

const seconds = (pid: number, duration: number, change = {}) =>
  inFlightRow({ pid, tid: pid, name: `hung-${pid}`, duration_ns: duration * 1e9, ...change })

const stuck = [seconds(1, 2), seconds(2, 200), seconds(3, 0.9), seconds(4, 50, { idle: true }), seconds(5, 20)]

it.each([
  [80, 24, 2],
  [120, 40, 3],
  [200, 60, 3],
])('stand above its tables at %ix%i, oldest first, and the tab says how many', async (columns, rows, most) => {
  const person = sitDown(columns, rows)
  person.take(sampleOf({ in_flight: stuck }))
  const lines = await person.see('In flight over 1 s')
  expect(lines.flatMap(line => /hung-\d/.exec(line)?.[0] ?? [])).toEqual(['hung-2', 'hung-5', 'hung-1'].slice(0, most))
  expect(lines.join('\n')).toMatch(/7 (?:In f|F)light 3 /)
  expect(lines.join('\n')).toMatch(/stuck {4}3/)
})

it('are told by the tab alone where there is no room', async () => {
  const person = sitDown(60, 10)
  person.take(sampleOf({ in_flight: stuck }))
  const lines = await person.see(' 3 8')
  expect(lines.join()).not.toContain('hung')
})

it('leave no place where there are none, and keep it for a while when they return', async () => {
  const person = sitDown(80, 24)
  person.take(sampleOf({ in_flight: [seconds(3, 0.9)] }))
  const before = await person.see('CALLS/s')
  expect(before.join()).not.toContain('In flight over')
  person.take(sampleOf({ in_flight: stuck }))
  await person.see('hung-2')
  for (let i = 0; i < 4; i++) person.take(sampleOf({ in_flight: [] }))
  await person.see('no calls in flight over 1 s')
  person.take(sampleOf({ in_flight: [] }))
  await person.see(lines => !lines.join().includes('in flight over 1 s'))
})

it('can be selected, and are no more where they have gone', async () => {
  const person = sitDown(80, 24)
  person.take(sampleOf({ in_flight: stuck }))
  await person.see('hung-2')
  person.type('\x1b[C')
  await person.see(lines => lines.some(line => line.startsWith('>') && line.includes('hung-2')))
  for (let i = 0; i < 5; i++) person.take(sampleOf({ in_flight: [] }))
  await person.see(lines => lines.some(line => line.startsWith('>') && line.includes('nginx')))
})
