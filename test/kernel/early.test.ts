/** Rows that fill up before a sample is due are read early, and are in that sample. */

import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { samplerOf } from '../../src/sample/open.ts'
import type { FreshSample, Sample } from '../../src/sample/sample.ts'
import { openTracers, type Tracers } from '../../src/tracers/opening/open.ts'
import type { IntervalRows } from '../../src/tracers/tracer.ts'
import { listsOf } from '../support/samples.ts'
import { isCompat, OBJECTS, sum } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

/** Tracers that say that their rows are nearly full, whenever they are asked. */
function hasty(tracers: Tracers, told: { times: number }): Tracers {
  const { processes } = tracers
  const rows: IntervalRows = {
    prepare: epoch => processes.rows.prepare(epoch),
    ...(processes.rows.asRead && { asRead: epoch => processes.rows.asRead?.(epoch) === true }),
    ...(processes.rows.usage && { usage: epoch => processes.rows.usage?.(epoch) }),
    fill: () => {
      told.times++
      return 1
    },
  }
  return { ...tracers, processes: { rows, read: epoch => processes.read(epoch) } }
}

/** Samples of so many seconds, each of which is made of many intervals of the kernel side. */
async function start(pids: readonly number[], intervalSeconds: number, take: (sample: FreshSample) => Promise<void>) {
  const told = { times: 0 }
  const tracers = hasty(await openTracers(OBJECTS, pids, { compat: isCompat }), told)
  const sampler = samplerOf(tracers, { pids, intervalSeconds, iterations: null, compat: isCompat })
  const samples: Sample[] = []
  const running = sampler.run({
    take: async sample => {
      samples.push(sample.hold())
      await take(sample)
    },
    fail: error => {
      throw error
    },
  })
  onTestFinished(async () => {
    sampler.stop()
    await running
    sampler.close()
  })
  while (samples.length === 0) await setTimeout(10)
  const finish = async (): Promise<readonly Sample[]> => {
    const until = samples.length + (isCompat ? 4 : 2)
    while (samples.length < until) await setTimeout(10)
    expect(told.times).toBeGreaterThan(samples.length)
    return samples
  }
  return { samples, finish }
}

test('processes, their calls and their ends are in one sample each', async () => {
  const children = 300
  const calls = 41
  const workload = await Workload.start('children', children, calls)
  const pairs = new Map<string, number>()
  const { finish } = await start([], 1.5, async sample => {
    // each call is in a pair of process and call as well, also while the next interval is read early
    for (const row of sample.calls) {
      if (row.syscall !== 'getppid') continue
      const before = pairs.get(`${row.pid}`) ?? 0
      let count = row.untimed
      for (let bucket = 0; bucket < 512; bucket++) count += row.durations.count(bucket)
      pairs.set(`${row.pid}`, before + count)
      await setTimeout(1)
    }
  })
  await workload.work()
  const samples = await finish()
  await workload.end()
  const rows = samples.flatMap(sample => listsOf(sample).processes).filter(row => row.name === 'children')
  const ended = rows.filter(row => row.exited)
  expect(new Set(ended.map(row => row.pid)).size).toBe(children)
  expect(ended.length).toBe(children)
  const pids = new Set(ended.map(row => row.pid))
  for (const sample of samples) {
    const ofSample = listsOf(sample).processes.filter(row => pids.has(row.pid))
    expect(new Set(ofSample.map(row => row.pid)).size).toBe(ofSample.length)
  }
  expect([...pids].map(pid => pairs.get(`${pid}`))).toEqual(Array(children).fill(calls))
  expect(sum(samples, sample => sample.lost.syscalls)).toBe(0)
})

test('calls of one process are counted once, with errors and durations', async () => {
  const workload = await Workload.start('calls', 4, 200_003, 5_001, 0, 0)
  const { finish } = await start([workload.pid], 1.5, async () => {})
  await workload.work()
  const samples = await finish()
  await workload.end()
  const of = (name: string) => samples.flatMap(sample => listsOf(sample).syscalls).filter(row => row.syscall === name)
  expect(sum(of('getppid'), row => row.count)).toBe(4 * 200_003)
  expect(sum(of('close'), row => row.errors)).toBe(4 * 5_001)
  for (const sample of samples) {
    expect(listsOf(sample).processes.length).toBeLessThanOrEqual(1)
    expect(sum(listsOf(sample).processes, row => row.duration_ns.sum)).toBe(
      sum(listsOf(sample).syscalls, row => row.duration_ns.sum),
    )
    for (const row of listsOf(sample).syscalls) expect(row.duration_ns.max).toBeGreaterThanOrEqual(row.duration_ns.p99)
  }
})

test('connections open and close once, and their bytes are exact', async () => {
  const workload = await Workload.start('load', 'stream', 2, 2)
  const pids = [workload.pid, ...(await workload.step('workers'))]
  const { finish } = await start(pids, 1, async () => {})
  const [connections = 0, bytes] = await workload.work()
  await workload.end()
  const samples = await finish()
  const rows = samples.flatMap(sample => listsOf(sample).connections)
  expect(rows.filter(row => row.closed && row.state !== 'LISTEN')).toHaveLength(2 * connections)
  expect(rows.filter(row => row.opened && row.state !== 'LISTEN')).toHaveLength(2 * connections)
  expect(sum(rows, row => row.sent_bytes)).toBe(bytes)
  const received = sum(rows, row => row.received_bytes)
  // compatible mode may take a FIN for a byte
  expect(received).toBeGreaterThanOrEqual(bytes ?? 0)
  expect(received).toBeLessThanOrEqual((bytes ?? 0) + (isCompat ? 2 * connections : 0))
  expect(
    sum(
      samples.flatMap(sample => listsOf(sample).processes),
      row => row.sent_bytes,
    ),
  ).toBe(bytes)
})
