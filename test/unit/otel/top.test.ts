import { describe, expect, it } from 'vitest'
import { allMetrics } from '../../../src/otel/metrics/metrics.ts'
import type { SeriesGroup } from '../../../src/otel/metrics/series.ts'
import { total as totalOf } from '../../../src/table/histogram.ts'
import { Accumulator, callRow, quietProcess, START_MS, sampleWith } from './calls.ts'

const CALLS = 'ebpf_top.syscall.calls'

/** Values of the series of CALLS by process name; that of those which share one by `shared`. */
function exported(accumulator: Accumulator): Map<string, { value: number; startMs: number }> {
  const values = new Map<string, { value: number; startMs: number }>()
  for (const group of accumulator.collectAll()?.groups ?? []) {
    for (const { value, labels } of group.counters(CALLS)) {
      const name = labels['otel.metric.overflow'] === true ? 'shared' : String(labels['process.executable.name'])
      expect(values.has(name), `two series of ${name}`).toBe(false)
      values.set(name, { value, startMs: group.start.ms })
    }
  }
  return values
}

function sumOf(series: Iterable<{ value: number }>): number {
  return [...series].reduce((total, { value }) => total + value, 0)
}

/** Numbers from 0 to 1 that are the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('processes with series of their own', () => {
  it('are the most active ones, and all others share one series', () => {
    const accumulator = new Accumulator({ pids: false, top: 2 }, START_MS)
    accumulator.takeAll(
      sampleWith(
        1,
        new Map([
          ['a', 5],
          ['b', 50],
          ['c', 500],
          ['d', 1],
        ]),
      ),
    )
    expect([...exported(accumulator)].map(([name, { value }]) => [name, value])).toEqual([
      ['c', 500],
      ['b', 50],
      ['shared', 6],
    ])
  })

  it('need no shared series while there is room', () => {
    const accumulator = new Accumulator({ pids: false, top: 2 }, START_MS)
    accumulator.takeAll(
      sampleWith(
        1,
        new Map([
          ['a', 5],
          ['b', 50],
        ]),
      ),
    )
    expect([...exported(accumulator).keys()]).toEqual(['b', 'a'])
  })

  it('change when another one becomes much more active; the one that leaves stands still and may come back', () => {
    const accumulator = new Accumulator({ pids: false, top: 1 }, START_MS)
    const step = (index: number, calls: [string, number][]): Record<string, number> => {
      accumulator.takeAll(sampleWith(index, new Map(calls)))
      return Object.fromEntries([...exported(accumulator)].map(([name, { value }]) => [name, value]))
    }
    expect(step(1, [['a', 100]])).toEqual({ a: 100 })
    // about as active: no change
    expect(
      step(2, [
        ['a', 100],
        ['b', 120],
      ]),
    ).toEqual({ a: 200, shared: 120 })
    expect(
      step(3, [
        ['a', 10],
        ['b', 1000],
      ]),
    ).toEqual({ a: 210, b: 1000, shared: 120 })
    expect(
      step(4, [
        ['a', 7],
        ['b', 1000],
      ]),
    ).toEqual({ a: 210, b: 2000, shared: 127 })
    // b still stands in the top: only one more may stand still
    expect(
      step(5, [
        ['a', 50_000],
        ['b', 1],
      ]),
    ).toEqual({ a: 50_210, b: 2001, shared: 127 })
  })

  it('end when their place is needed, long after they stood still, and only once their last value arrived', () => {
    const accumulator = new Accumulator({ pids: false, top: 1 }, START_MS)
    let last = 0
    const step = (index: number, name: string, count: number): string[] => {
      accumulator.takeAll(sampleWith(index, new Map([[name, count]]), { interval_seconds: index - last }))
      last = index
      return [...exported(accumulator).keys()]
    }
    step(1, 'a', 10)
    step(2, 'b', 1000)
    expect(step(3, 'c', 100_000)).toEqual(['b', 'a', 'shared'])
    // old enough, but never delivered
    expect(step(1000, 'c', 100_000)).toEqual(['b', 'a', 'shared'])
    accumulator.deliverAll()
    expect(step(1001, 'c', 100_000)).toEqual(['c', 'b', 'shared'])
  })

  it.each([1, 2, 3])('never lose or move a count: what they sum up to is what was counted (run %i)', seed => {
    const random = randomNumbers(seed)
    const accumulator = new Accumulator({ pids: false, top: 5 }, START_MS)
    const before = new Map<string, { value: number; startMs: number }>()
    let truth = 0
    for (let index = 1; index <= 400; index++) {
      const calls = new Map<string, number>()
      for (let i = 0; i < 8; i++) {
        const count = Math.floor(random() ** 6 * 10_000)
        calls.set(`p${Math.floor(random() ** 2 * 40)}`, count)
      }
      truth += [...calls.values()].reduce((total, count) => total + count, 0)
      accumulator.takeAll(sampleWith(index, calls))
      if (random() < 0.6) continue
      const now = exported(accumulator)
      accumulator.deliverAll()
      for (const [name, { value, startMs }] of now) {
        const earlier = before.get(name)
        if (earlier?.startMs === startMs) expect(value).toBeGreaterThanOrEqual(earlier.value)
        before.set(name, { value, startMs })
      }
      // top, as many that stand still, and the shared one
      expect(now.size).toBeLessThanOrEqual(11)
      if (index * 1000 < 6 * 60_000) expect(sumOf(now.values())).toBe(truth)
    }
  })

  it('take a bounded amount of memory when no export comes, and lose nothing', () => {
    const accumulator = new Accumulator({ pids: true, top: 10 }, START_MS)
    let truth = 0
    for (let index = 1; index <= 50; index++) {
      const calls = new Map(Array.from({ length: 200 }, (_, i) => [`p${index}-${i}`, i + 1]))
      truth += 200 * 201 * 0.5
      accumulator.takeAll(sampleWith(index, calls))
    }
    const now = exported(accumulator)
    expect(now.size).toBe(11)
    expect(sumOf(now.values())).toBe(truth)
  })

  it('have a bounded number of series all together, whatever they call and however they fail', () => {
    const top = 20
    const accumulator = new Accumulator({ pids: false, top }, START_MS)
    const names = Array.from({ length: 300 }, (_, i) => `call${i}`)
    let [calls, errors, durations] = [0, 0, 0]
    const series = (group: SeriesGroup): number =>
      [...allMetrics().keys()].reduce(
        (sum, name) => sum + [...group.counters(name)].length,
        [...group.histograms('ebpf_top.syscall.duration')].length,
      )
    for (let index = 1; index <= 6; index++) {
      const rows = Array.from({ length: 70 }, (_, pid) =>
        names.map(syscall => {
          const failures = Array.from({ length: 3 }, (_, n) => ({ errno: `E${(pid + n + index) % 130}`, count: n + 1 }))
          errors += 6
          calls += 10
          durations += 10
          return callRow(pid + 1, 10, { syscall, errors: 6, failures })
        }),
      ).flat()
      // new names with each sample, as a process may give itself
      const processes = Array.from({ length: 70 }, (_, pid) => quietProcess(pid + 1, `p${pid}-${index}`))
      accumulator.takeAll(sampleWith(index, new Map(), { processes, calls: rows }))
      if (index % 2 === 0) continue
      const groups = accumulator.collectAll()?.groups ?? []
      const all = groups.map(series)
      // 40 for each process that has any, 16,000 common ones, 4,000 shared ones and the rest
      expect(all.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2 * top * 40 + 16_000 + 4000 + 30)
      expect(groups.filter(group => series(group) >= 16).length).toBeGreaterThanOrEqual(top)
      const total = (name: string): number => groups.reduce((sum, group) => sum + sumOf(group.counters(name)), 0)
      expect(total('ebpf_top.syscall.calls')).toBe(calls)
      expect(total('ebpf_top.syscall.errors')).toBe(errors)
      const counts = groups.flatMap(group =>
        [...group.histograms('ebpf_top.syscall.duration')].map(({ value }) => value),
      )
      expect(counts.reduce((sum, histogram) => sum + totalOf(histogram), 0)).toBe(durations)
    }
  })

  it('give the room of those that ended to others', () => {
    const accumulator = new Accumulator({ pids: false, top: 1 }, START_MS)
    const names = Array.from({ length: 3900 }, (_, i) => `call${i}`)
    let last = 0
    const step = (index: number, name: string, count: number): number => {
      const rows = names.map(syscall => callRow(1, count, { syscall }))
      const change = { processes: [quietProcess(1, name)], calls: rows, interval_seconds: index - last }
      accumulator.takeAll(sampleWith(index, new Map(), change))
      last = index
      const groups = accumulator.collectAll()?.groups ?? []
      accumulator.deliverAll()
      const own = groups.find(group => group.labels['process.executable.name'] === name)
      return [...(own?.counters(CALLS) ?? [])].length
    }
    // calls and durations: 7,800 series, of which 7,760 are common ones
    expect(step(1, 'a', 1)).toBe(3900)
    expect(step(2, 'b', 1000)).toBe(3900)
    expect(step(1000, 'c', 1_000_000)).toBe(3900)
  })

  it('are told apart by process id where that is asked for', () => {
    const accumulator = new Accumulator({ pids: true, top: 10 }, START_MS)
    accumulator.takeAll(
      sampleWith(
        1,
        new Map([
          ['a', 5],
          ['b', 6],
        ]),
      ),
    )
    const labels = accumulator.collectAll()?.groups.flatMap(group => [...group.counters(CALLS)].map(one => one.labels))
    expect(labels).toEqual([
      { 'process.executable.name': 'b', 'process.pid': 2, 'ebpf_top.syscall.name': 'read' },
      { 'process.executable.name': 'a', 'process.pid': 1, 'ebpf_top.syscall.name': 'read' },
    ])
  })
})
