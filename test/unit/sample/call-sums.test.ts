import { expect, test } from 'vitest'
import { CallSums } from '../../../src/sample/call-sums.ts'
import { HISTOGRAM_SLOTS, total } from '../../../src/sample/histogram.ts'

/** Counts by bucket, behind some other words. */
function rowOf(counts: Readonly<Record<number, number>>, ahead = 0): Uint32Array {
  const words = new Uint32Array(ahead + HISTOGRAM_SLOTS)
  for (const [bucket, count] of Object.entries(counts)) words[ahead + Number(bucket)] = count
  return words
}

test('calls are added up by process and by system call', () => {
  const sums = new CallSums([0, 1, 0], 2)
  sums.add(0, 7, 1, 0, 100, 60, rowOf({ 3: 2 }), 0)
  sums.add(1, 7, 2, 0, 50, 50, rowOf({ 3: 1, 47: 4 }, 9), 9)
  // the second record of the first process
  sums.add(2, 8, 0, 0, 10, 70, rowOf({ 0: 1 }), 0)

  const first = sums.ofProcess(0)
  expect([first.errors, first.sum, first.max, total(first)]).toEqual([1, 110, 70, 3])
  expect([first.count(0), first.count(3)]).toEqual([1, 2])
  const calls = new Map(sums.ofCalls())
  const seventh = calls.get(7)
  expect([seventh?.errors, seventh?.sum, seventh?.max]).toEqual([3, 150, 60])
  expect([seventh?.count(3), seventh?.count(47)]).toEqual([3, 4])
  expect([...calls.keys()]).toEqual([7, 8])
})

test('calls of a process that is left out, or has no record, are in no sum', () => {
  const sums = new CallSums([-1], 0)
  sums.add(0, 7, 1, 0, 100, 60, rowOf({ 3: 2 }), 0)
  sums.add(1, 7, 1, 0, 100, 60, rowOf({ 3: 2 }), 0)
  expect([...sums.ofCalls()]).toEqual([])
})

test('there may be any number of system calls, and counts beyond 32 bits', () => {
  const sums = new CallSums([0], 1)
  for (let call = 0; call < 1000; call++) sums.add(0, call, 0, 0, call, call, rowOf({ 5: 2 ** 32 - 1 }), 0)
  expect(total(sums.ofProcess(0))).toBe(1000 * (2 ** 32 - 1))
  expect(sums.ofProcess(0).max).toBe(999)
  expect(Array.from(sums.ofCalls(), ([call, { sum }]) => call === sum)).toEqual(Array(1000).fill(true))
})

test('a sum can be added to other counts', () => {
  const sums = new CallSums([0], 1)
  sums.add(0, 7, 0, 0, 1, 1, rowOf({ 3: 2 }), 0)
  const counts = new Array<number>(HISTOGRAM_SLOTS).fill(1)
  sums.ofProcess(0).addTo(counts)
  expect(counts.slice(2, 5)).toEqual([1, 3, 1])
})
