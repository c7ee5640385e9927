import { expect, test } from 'vitest'
import { CallSums } from '../../../src/tracers/syscalls/call-sums.ts'
import { type Offsets, RowsOfCalls } from '../../../src/tracers/syscalls/tracer.ts'

/** A layout of its own, in words. */
const AT: Offsets = {
  ...{
    size: 64,
    process: 0,
    call: 1,
    epoch: 2,
    errors: 3,
    sum: 4,
    max: 6,
    failures: 8,
    untimed: 16,
    touched: 18,
    octaves: 20,
  },
  failure: { most: 4, size: 2, number: 0, count: 1 },
}
const EPOCH = 5

/** Two rows of one process, added up. */
function addedRows() {
  const words = new Uint32Array(2 * AT.size)
  for (const row of [0, AT.size]) {
    words.set([0, row, EPOCH, 1], row)
    words.set([1000, 0, 900, 0], row + AT.sum)
    words[row + AT.touched] = 1 << 9
    words[row + AT.octaves + 9] = 101
  }
  let released = 0
  const counts = {
    bytes: new DataView(Uint32Array.from([0, 2, 0, 0, 0, 0, 0, 0]).buffer),
    release: () => void released++,
  }
  const bytes = new DataView(words.buffer)
  const rows = new RowsOfCalls({ bytes, release: () => void released++ }, counts, 100, AT, EPOCH)
  const sums = new CallSums([0], 1)
  rows.addTo(sums, 0, 1)
  rows.addTo(sums, 1, 2)
  return { words, rows, sums, released: () => released }
}

test('rows are as they were added while nobody writes to them', () => {
  const { rows, sums } = addedRows()
  expect([sums.ofProcess(0).sum, sums.ofProcess(0).max, sums.ofProcess(0).errors]).toEqual([2000, 900, 2])
  expect([sums.ofProcess(0).count(113), rows.at(0)?.durations.count(113), rows.at(1)?.durations.nextOctave(0)]).toEqual(
    [4, 2, 14],
  )
  expect(rows.asAdded()).toBe(true)
})

test.each([
  ['errors', AT.errors],
  ['calls without a duration', AT.untimed],
  ['sum', AT.sum],
  ['upper half of the sum', AT.sum + 1],
  ['maximum', AT.max],
  ['upper half of the maximum', AT.max + 1],
])('rows are not as they were added when the %s of the last one has changed', (_, word) => {
  const { words, rows } = addedRows()
  words[AT.size + word] = (words[AT.size + word] ?? 0) + 1
  expect(rows.asAdded()).toBe(false)
})

test('a row that was being made when it was added has to be read again, whatever is in it then', () => {
  const { words } = addedRows()
  words[AT.size + AT.epoch] = EPOCH - 2
  const none = { bytes: new DataView(new ArrayBuffer(0)), release() {} }
  const rows = new RowsOfCalls({ bytes: new DataView(words.buffer), release() {} }, none, 0, AT, EPOCH)
  rows.addTo(new CallSums([0], 1), 0, 2)
  words[AT.size + AT.epoch] = EPOCH
  expect(rows.asAdded()).toBe(false)
})

test('what was released is not read any more', () => {
  const { rows, released } = addedRows()
  rows.release()
  expect([rows.length, rows.at(0), released()]).toEqual([0, undefined, 2])
})
