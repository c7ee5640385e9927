import { expect, test } from 'vitest'
import { FIRST_KERNEL_OCTAVE, KERNEL_OCTAVES, OCTAVE_BUCKETS, total } from '../../../src/table/histogram.ts'
import { CallSums, CallTotals } from '../../../src/tracers/syscalls/call-sums.ts'

const FIRST = FIRST_KERNEL_OCTAVE * OCTAVE_BUCKETS
const LAST = KERNEL_OCTAVES * OCTAVE_BUCKETS - 1

/** Adds calls of a record as the kernel side has them: counts by bucket, behind some other words. */
function add(
  sums: CallSums,
  numbers: Partial<CallTotals>,
  counts: Readonly<Record<number, number>>,
  { ahead = 0, words = 0 } = {},
): void {
  const octaves = new Uint32Array(words + KERNEL_OCTAVES)
  const all: number[] = []
  const totals = Object.assign(new CallTotals(), numbers)
  for (const [bucket, count] of Object.entries(counts)) {
    const octave = Math.floor(Number(bucket) / OCTAVE_BUCKETS)
    if (octaves[words + octave] === 0) {
      octaves[words + octave] = ahead + 1 + all.length / OCTAVE_BUCKETS
      all.push(...Array<number>(OCTAVE_BUCKETS).fill(0))
    }
    all[((octaves[words + octave] ?? 0) - 1 - ahead) * OCTAVE_BUCKETS + (Number(bucket) % OCTAVE_BUCKETS)] = count
    if (octave < 32) totals.lowOctaves |= 1 << octave
    else totals.highOctaves |= 1 << (octave - 32)
  }
  sums.add(totals, octaves, words, Uint32Array.from(all), ahead)
}

test('calls are added up by process and by system call', () => {
  const sums = new CallSums([0, 1, 0], 2)
  add(sums, { process: 0, call: 7, errors: 1, untimed: 3, sum: 100, max: 60 }, { 3: 2 })
  add(sums, { process: 1, call: 7, errors: 2, sum: 50, max: 50 }, { 3: 1, [LAST]: 4 }, { ahead: 9, words: 5 })
  // the second record of the first process
  add(sums, { process: 2, call: 8, sum: 10, max: 70 }, { 0: 1, 250: 1 })

  const first = sums.ofProcess(0)
  expect([first.errors, first.untimed, first.sum, first.max, total(first)]).toEqual([1, 3, 110, 70, 4])
  expect([first.count(FIRST), first.count(FIRST + 3), first.count(FIRST + 250)]).toEqual([1, 2, 1])
  const calls = new Map(sums.ofCalls())
  const seventh = calls.get(7)
  expect([seventh?.errors, seventh?.untimed, seventh?.sum, seventh?.max]).toEqual([3, 3, 150, 60])
  expect([seventh?.count(FIRST + 3), seventh?.count(FIRST + LAST), seventh?.count(FIRST + 250)]).toEqual([3, 4, 0])
  expect([...calls.keys()]).toEqual([7, 8])
})

test('calls of a process that is left out, or has no record, are in no sum', () => {
  const sums = new CallSums([-1], 0)
  add(sums, { process: 0, call: 7, errors: 1, sum: 100, max: 60 }, { 3: 2 })
  add(sums, { process: 1, call: 7, errors: 1, sum: 100, max: 60 }, { 3: 2 })
  expect([...sums.ofCalls()]).toEqual([])
})

test('there may be any number of system calls, and counts beyond 32 bits', () => {
  const sums = new CallSums([0], 1)
  for (let call = 0; call < 1000; call++) {
    add(sums, { process: 0, call, sum: call, max: call }, { 5: 2 ** 32 - 1, [call % LAST]: 2 ** 32 - 1 })
  }
  expect(total(sums.ofProcess(0))).toBe((2000 - 3) * (2 ** 32 - 1))
  expect(sums.ofProcess(0).max).toBe(999)
  expect(Array.from(sums.ofCalls(), ([call, { sum }]) => call === sum)).toEqual(Array(1000).fill(true))
})

test('sums that use the memory of others begin with nothing', () => {
  const before = new CallSums([0], 1)
  add(before, { process: 0, call: 7, errors: 1, sum: 100, max: 60 }, { 3: 2, 99: 1 })
  before.release()
  const sums = new CallSums([0], 1)
  add(sums, { process: 0, call: 7, sum: 5, max: 5 }, { 4: 1 })
  expect([total(sums.ofProcess(0)), sums.ofProcess(0).sum, sums.ofProcess(0).errors]).toEqual([1, 5, 0])
  expect([...sums.ofCalls()].map(([, sum]) => total(sum))).toEqual([1])
})
