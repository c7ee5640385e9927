import { describe, expect, test } from 'vitest'
import { bucketOf, bucketStart } from '../../src/table/histogram.ts'
import { type JsonSample, lost, sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

/** Counts and errors by the name of the call, over all samples. */
function totals(samples: readonly JsonSample[]): Record<string, { count: number; errors: number }> {
  const result: Record<string, { count: number; errors: number }> = {}
  for (const row of samples.flatMap(sample => sample.syscalls)) {
    const name = row.abi === 'compat' ? `${row.syscall} (32-bit)` : row.syscall
    const entry = result[name] ?? { count: 0, errors: 0 }
    result[name] = entry
    entry.count += row.count
    entry.errors += row.errors
  }
  return result
}

/** What the last steps of every workload take: one write to say "done", one read of the line that ends it. */
const ENDING = { write: { count: 1, errors: 0 }, read: { count: 1, errors: 0 } }

describe('system calls', () => {
  test('of one process are counted exactly, with their errors, and nothing else is there', async () => {
    const workload = await Workload.start('calls', 1, 123_457, 777, 0, 0)
    const top = await Top.start('-d', 0.2, '-p', workload.pid)
    await workload.work()
    await workload.end()
    const samples = await top.finish()
    expect(totals(samples)).toEqual({
      getppid: { count: 123_457, errors: 0 },
      close: { count: 777, errors: 777 },
      ...ENDING,
    })
    expect(lost(samples, 'syscalls')).toBe(0)
  })

  test('of threads merge into their process, whichever processors they run on at once', async () => {
    const threads = 8
    const workload = await Workload.start('calls', threads, 200_003, 5_001, 0, 0)
    const top = await Top.start('-d', 0.2, '-p', workload.pid)
    await workload.work()
    await workload.end()
    const samples = await top.finish()
    const { getppid, close } = totals(samples)
    expect(getppid).toEqual({ count: threads * 200_003, errors: 0 })
    expect(close).toEqual({ count: threads * 5_001, errors: threads * 5_001 })
    for (const sample of samples) {
      expect(sample.processes.length).toBeLessThanOrEqual(1)
      expect(sum(sample.processes, row => row.syscalls)).toBe(sum(sample.syscalls, row => row.count))
      expect(sum(sample.processes, row => row.errors)).toBe(sum(sample.syscalls, row => row.errors))
    }
    expect(lost(samples, 'syscalls')).toBe(0)
  })

  test('of thousands of threads that are there at once are counted exactly', async () => {
    const threads = 3_000
    const workload = await Workload.start('threads', threads, 53)
    const top = await Top.start('-d', 0.5, '-p', workload.pid)
    await workload.work()
    await workload.end()
    const samples = await top.finish()
    expect(totals(samples).getppid).toEqual({ count: threads * 53, errors: 0 })
    expect(lost(samples, 'syscalls')).toBe(0)
  })

  test('are of one process, whichever of its threads ends first or executes another program', async () => {
    const calls = 1_009
    const workload = await Workload.start('handover', calls)
    const top = await Top.start('-d', 0.2, '-p', workload.pid)
    await workload.work()
    await workload.end()
    const samples = await top.finish()
    expect(totals(samples)).toMatchObject({
      getppid: { count: 3 * calls, errors: 0 },
      execve: { count: 1, errors: 0 },
    })
    const rows = samples.flatMap(sample => sample.processes)
    expect(new Set(rows.map(row => row.pid))).toEqual(new Set([workload.pid]))
    expect(rows.filter(row => row.exited).length).toBe(1)
    expect(rows.at(-1)?.exited).toBe(true)
  })

  test('with 32-bit and unknown numbers have rows of their own', async () => {
    const workload = await Workload.start('calls', 1, 11, 0, 1_003, 207)
    const top = await Top.start('-d', 0.2, '-p', workload.pid)
    const [compat = 0] = await workload.work()
    await workload.end()
    const samples = await top.finish()
    expect(totals(samples)).toEqual({
      getppid: { count: 11, errors: 0 },
      ...(compat > 0 && { 'getppid (32-bit)': { count: compat, errors: 0 } }),
      unknown: { count: 207, errors: 207 },
      ...ENDING,
    })
  })

  test('take no more rows than there are pairs of process and call, in whichever table', async () => {
    const children = 150
    const rounds = 20
    const numbers = 40
    const workload = await Workload.start('pairs', children, rounds)
    const top = await Top.start('-d', 2)
    const [tables = 1] = await workload.work()
    await workload.end()
    const samples = await top.finish()
    const rows = samples
      .flatMap(sample => sample.syscalls)
      .filter(({ id, syscall }) => (id >= 472 && id < 512) || syscall === 'unknown')
    expect(sum(rows, row => row.count)).toBe(children * rounds * (tables * numbers + 1))
    expect(sum(rows, row => row.errors)).toBe(children * rounds * (tables * numbers + 1))
    expect(lost(samples, 'syscalls')).toBe(0)
    const used = samples.map(({ maps }) => maps.find(({ name }) => name === 'calls')?.used ?? 0)
    // and those of all else that runs here
    expect(Math.max(...used)).toBeLessThan(children * (tables * numbers + 1) + 5_000)
  })

  test('of hundreds of short-lived children are all there, each child in the sample in which it ended', async () => {
    const children = 600
    const calls = 37
    const workload = await Workload.start('children', children, calls)
    const top = await Top.start('-d', 0.5)
    await workload.work()
    const samples = await top.finish()
    await workload.end()
    const rows = samples.flatMap(sample => sample.processes).filter(row => row.name === 'children' && row.exited)
    expect(new Set(rows.map(row => row.pid)).size).toBe(children)
    expect(rows.length).toBe(children)
    expect(lost(samples, 'syscalls')).toBe(0)
    // a child that lived across the end of an interval has calls in two samples
    const pids = new Set(rows.map(row => row.pid))
    const ofChildren = samples.flatMap(sample => sample.processes).filter(row => pids.has(row.pid))
    const perChild = sum(ofChildren, row => row.syscalls) / children
    // what the C library does around a fork is the same in every child
    expect(Number.isInteger(perChild)).toBe(true)
    expect(perChild).toBeGreaterThanOrEqual(calls)
    expect(totals(samples).getppid?.count).toBeGreaterThanOrEqual(children * calls)
  })

  test('of more processes than there are rows are counted exactly, however long the interval', async () => {
    const children = 10_000
    const workload = await Workload.start('children', children, 3)
    const top = await Top.start('-d', 15)
    await workload.work()
    const samples = await top.finish(0)
    await workload.end()
    expect(lost(samples, 'syscalls')).toBe(0)
    expect(totals(samples).getppid?.count ?? 0).toBeGreaterThanOrEqual(3 * children)
    const rows = samples.flatMap(sample => sample.processes).filter(row => row.name === 'children' && row.exited)
    expect(rows.length).toBe(children)
    expect(new Set(rows.map(row => row.pid)).size).toBe(children)
  }, 300_000)

  test('have durations that are never below what they took, and percentiles in between', async () => {
    const sleeps = 50
    const sleepNs = 3_000_000
    const workload = await Workload.start('sleeper', sleeps, sleepNs / 1000)
    const top = await Top.start('-d', 0.2, '-p', workload.pid)
    await workload.work()
    await workload.end()
    const samples = await top.finish()
    const rows = samples.flatMap(sample => sample.syscalls).filter(row => row.syscall === 'clock_nanosleep')
    expect(sum(rows, row => row.count)).toBe(sleeps)
    const leastBucket = bucketOf(sleepNs)
    for (const { count, duration_ns } of rows) {
      expect(duration_ns.sum).toBeGreaterThanOrEqual(count * sleepNs)
      expect(duration_ns.sum).toBeLessThanOrEqual(count * duration_ns.max)
      expect(duration_ns.p50).toBeGreaterThanOrEqual(bucketStart(leastBucket))
      expect(duration_ns.p95).toBeGreaterThanOrEqual(duration_ns.p50)
      expect(duration_ns.p99).toBeGreaterThanOrEqual(duration_ns.p95)
      expect(duration_ns.max).toBeGreaterThanOrEqual(duration_ns.p99)
    }
  })

  test('of the tool itself are not shown', async () => {
    const top = await Top.start('-d', 0.2)
    const samples = await top.finish()
    expect(samples.flatMap(sample => sample.processes).filter(row => row.pid === top.pid)).toEqual([])
  })
})
