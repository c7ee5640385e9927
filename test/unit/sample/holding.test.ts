import { expect, test } from 'vitest'
import { LentSample } from '../../../src/sample/holding.ts'
import type { ConnectionView } from '../../../src/tracers/connections/view.ts'
import type { CallRow } from '../../../src/tracers/syscalls/row.ts'
import { connectionRow, sampleOf } from '../../support/samples.ts'

function lent(): { lent: LentSample; released: () => number } {
  let released = 0
  const sample = new LentSample(sampleOf(), () => {
    released++
  })
  return { lent: sample, released: () => released }
}

test('a sample that nobody holds is released once it is taken', () => {
  const { lent: one, released } = lent()
  expect(released()).toBe(0)
  one.taken()
  expect(released()).toBe(1)
})

test('it is released when the last who holds it lets go of it, and not before it is taken', () => {
  const { lent: one, released } = lent()
  const [first, second] = [one.sample.hold(), one.sample.hold()]
  first.release()
  // once more is nothing
  first.release()
  one.taken()
  expect(released()).toBe(0)
  second.release()
  expect(released()).toBe(1)
})

test('what is held has all of a sample but its calls', () => {
  const { calls, hold: _, release: __, ...facts } = sampleOf()
  const { release, ...rest } = new LentSample({ ...facts, calls }, () => {}).sample.hold()
  expect(rest).toEqual(facts)
  expect(typeof release).toBe('function')
})

test('the compiler refuses to take copies of rows for rows', () => {
  const copiesOf = (row: ConnectionView, call: CallRow) => [{ ...row }, { ...call }] as const
  const [row, call] = copiesOf(connectionRow(), {
    ...{ pid: 1, process_started_ns: null, syscall: 'read', id: 0, abi: 'native', errors: 0, failures: [], untimed: 0 },
    durations: { sum: 0, max: 0, nextOctave: () => 0, count: () => 0 },
  })
  // @ts-expect-error
  const sent = row.sent_bytes
  // @ts-expect-error
  const errors = call.errors
  // these rows are plain objects, of which it cannot know
  expect([sent, errors]).toEqual([2048, 0])
})
