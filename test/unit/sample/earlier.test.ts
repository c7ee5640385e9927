import { expect, test } from 'vitest'
import { Earlier } from '../../../src/sample/earlier.ts'
import { doubtOf, fillsUp } from '../../../src/sample/filling.ts'
import { bucketOf, HistogramSum, total } from '../../../src/table/histogram.ts'
import { NO_SOCKETS } from '../../../src/tracers/connections/sockets/record.ts'
import type { ProcessRecord } from '../../../src/tracers/processes/tracer.ts'
import type { CallRecord } from '../../../src/tracers/syscalls/call-records.ts'
import { CallSums } from '../../../src/tracers/syscalls/call-sums.ts'
import { KeptCalls } from '../../../src/tracers/syscalls/kept-calls.ts'

function record(durations: readonly number[], change: Partial<CallRecord> = {}): CallRecord {
  const histogram = new HistogramSum()
  for (const ns of durations) histogram.record(ns)
  return { process: 0, number: 3, abi: 'native', errors: 0, failures: [], untimed: 0, durations: histogram, ...change }
}

test('calls that are kept are added up by process and call', () => {
  const kept = new KeptCalls()
  kept.add(0, record([100, 5_000_000], { errors: 2, failures: [{ errno: 4, count: 2 }] }))
  kept.add(1, record([100]))
  kept.add(0, record([101, 9_000_000_000], { errors: 1, untimed: 5, failures: [{ errno: 4, count: 1 }] }))
  kept.add(0, record([7_000], { abi: 'compat' }))
  expect(kept.length).toBe(3)
  const first = kept.at(0)
  expect(first).toMatchObject({ process: 0, number: 3, abi: 'native', errors: 3, untimed: 5 })
  expect(first?.failures).toEqual([{ errno: 4, count: 3 }])
  expect(first?.durations).toMatchObject({ sum: 9_005_000_201, max: 9_000_000_000 })
  expect(first && total(first.durations)).toBe(4)
  expect(first?.durations.count(bucketOf(9_000_000_000))).toBe(1)
  expect(kept.at(2)).toMatchObject({ process: 0, number: 3, abi: 'compat' })
  expect(kept.at(3)).toBeUndefined()

  const sums = new CallSums([0, 1], 2)
  kept.addTo(sums, 0, 2)
  kept.addTo(sums, 2, 3)
  expect([total(sums.ofProcess(0)), sums.ofProcess(0).errors, sums.ofProcess(0).untimed]).toEqual([5, 3, 5])
  expect([total(sums.ofProcess(1)), sums.ofProcess(1).max]).toEqual([1, 100])
  expect([...sums.ofCalls()].map(([, sum]) => total(sum))).toEqual([5, 1])
})

test('there may be any number of them', () => {
  const kept = new KeptCalls()
  for (let round = 0; round < 2; round++) {
    for (let process = 0; process < 5000; process++)
      kept.add(process, record([1000 * (process + 1)], { number: process % 7 }))
  }
  expect(kept.length).toBe(5000)
  for (const process of [0, 1234, 4999]) {
    const { durations, number } = kept.at(process) ?? record([])
    expect([number, total(durations), durations.sum]).toEqual([process % 7, 2, 2000 * (process + 1)])
  }
})

test('rows are read early where they are nearly full, or half full for a while, or old', () => {
  const arenas = (...fills: number[]) => fills.map(fill => ({ prepare() {}, fill: () => fill }))
  expect(fillsUp([...arenas(0.1, 0.4), { prepare() {} }], 1, 3e9)).toBe(false)
  expect(fillsUp(arenas(0.1, 0.6), 1, 1e8)).toBe(false)
  expect(fillsUp(arenas(0.1, 0.6), 1, 1e9)).toBe(true)
  expect(fillsUp(arenas(0.8, 0), 1, 0)).toBe(true)
  expect(fillsUp(arenas(0, 0), 1, 11e9)).toBe(true)
})

test('what finds no room among what is kept is lost, and the rest goes on', () => {
  const nothing = { sentBytes: 0, receivedBytes: 0 }
  const process = (pid: number, sentBytes: number): ProcessRecord => ({
    ...{ pid, startedNs: pid, name: '', exited: false, parent: 0, command: null, group: null },
    ...{ tcp: { sentBytes, receivedBytes: 0 }, udp: nothing, other: nothing },
  })
  const earlier = new Earlier({ processes: 2, pairs: 3, slow: 0, closed: 0 })
  const calls = [0, 1, 2].flatMap(index =>
    [3, 4].map(number => record([100, 200], { process: index, number, untimed: 1 })),
  )
  const source = {
    processes: { read: () => [process(1, 5), process(2, 0), process(3, 7)] },
    syscalls: {
      read: () => ({ length: calls.length, at: (i: number) => calls[i], addTo() {}, keep() {}, release() {} }),
    },
    slowCalls: { read: () => [] },
    connections: { readClosed: () => NO_SOCKETS },
  }
  for (const epoch of [1, 2]) for (const _ of earlier.add(source, epoch));
  // of the second process one call, of the third both, twice
  expect(earlier.lost).toEqual({ syscalls: 2 * (3 + 2 * 3), connections: 0, bytes: 2, slow_calls: 0 })
  const none = { processes: [], calls: new KeptCalls(), slow: [], closed: NO_SOCKETS }
  const joined = earlier.join(none)
  expect(joined.processes.map(({ pid, tcp }) => [pid, tcp.sentBytes])).toEqual([
    [1, 10],
    [2, 0],
  ])
  expect(joined.calls.length).toBe(3)
  expect(joined.calls.at(0)).toMatchObject({ untimed: 2 })
})

test('an interval in which a counter of 32 bits may come round is one that is told', () => {
  expect(doubtOf(10e9)).toBe(null)
  expect(doubtOf(3600e9)).toBe('this program was stopped for 3600 s: numbers of calls beyond 4 billion are too low')
})
