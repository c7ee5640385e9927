import { describe, expect, test } from 'vitest'
import { openSampler } from '../../src/sample/open.ts'
import type { Sample } from '../../src/sample/sample.ts'
import { listsOf } from '../support/samples.ts'
import { isCompat, OBJECTS } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

describe('the pid filter', () => {
  test('changes live, without reloading, and no sample mixes two filters', async () => {
    const one = await Workload.start('calls', 1, 5_003, 0, 0, 0)
    const two = await Workload.start('calls', 1, 7_001, 0, 0, 0)
    const sampler = await openSampler({ pids: [], intervalSeconds: 0.2, iterations: null, compat: isCompat }, OBJECTS)
    const samples: Sample[] = []
    const waiting: (() => void)[] = []
    const running = sampler.run({
      take(sample) {
        samples.push(sample)
        for (const resolve of waiting.splice(0)) resolve()
      },
      fail(error) {
        throw error
      },
    })
    const nextSample = (): Promise<void> => new Promise(resolve => waiting.push(resolve))

    await nextSample()
    sampler.setFilter([one.pid])
    await nextSample()
    await Promise.all([one.work(), two.work()])
    await nextSample()
    await nextSample()
    sampler.setFilter([two.pid])
    await nextSample()
    // both only end now, with one read each
    await Promise.all([one.end(), two.end()])
    await nextSample()
    await nextSample()
    sampler.setFilter([])
    await nextSample()
    await nextSample()
    sampler.stop()
    await running
    sampler.close()

    for (const sample of samples) {
      if (sample.filter.pids.length === 0) continue
      expect(listsOf(sample).processes.every(row => sample.filter.pids.includes(row.pid))).toBe(true)
    }
    const counted = (pid: number): number =>
      samples
        .filter(sample => sample.filter.pids.includes(pid))
        .flatMap(sample => listsOf(sample).syscalls)
        .filter(row => row.syscall === 'getppid')
        .reduce((total, row) => total + row.count, 0)
    expect(counted(one.pid)).toBe(5_003)
    expect(counted(two.pid)).toBe(0)
    expect(samples.at(0)?.filter.pids).toEqual([])
    expect(samples.at(-1)?.filter.pids).toEqual([])
  })
})
