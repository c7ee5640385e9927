import { expect, test } from 'vitest'
import { ByProcess } from '../../../src/facts/by-process.ts'

const process = (pid: number, startedNs: number, what = '') => ({ pid, startedNs, what })

test('processes with one pid are told apart by their start, in whatever order they come', () => {
  const map = new ByProcess<ReturnType<typeof process>>()
  for (const started of [3, 1, 4, 2]) map.set(process(7, started, `p${started}`))
  map.set(process(8, 9))
  expect([1, 2, 3, 4, 5].map(started => map.get(7, started)?.what)).toEqual(['p1', 'p2', 'p3', 'p4', undefined])
  // the last one, where the start is not known
  expect(map.get(7, 0)?.what).toBe('p4')
  expect(map.size).toBe(5)
  map.set(process(7, 2, 'again'))
  expect([map.size, map.get(7, 2)?.what]).toEqual([5, 'again'])
  for (const started of [4, 1, 1]) map.delete(process(7, started))
  expect([map.get(7, 0)?.what, map.get(7, 1), map.size]).toEqual(['p3', undefined, 3])
  const all: string[] = []
  map.forEach(({ pid, startedNs }) => {
    all.push(`${pid}:${startedNs}`)
  })
  expect(all.sort()).toEqual(['7:2', '7:3', '8:9'])
  map.delete(process(8, 9))
  expect(map.get(8, 0)).toBeUndefined()
})
