import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { samplerOf } from '../../src/sample/open.ts'
import type { Sample } from '../../src/sample/sample.ts'
import { openTracers, type Tracers } from '../../src/tracers/opening/open.ts'
import { listsOf } from '../support/samples.ts'
import { OBJECTS, sum } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

const WORKERS = 2

/** Tracers that say of every other interval that something was written to its rows after they were read. */
function restless(tracers: Tracers): Tracers {
  const { connections } = tracers
  const { closed } = connections
  return {
    ...tracers,
    connections: {
      source: connections.source,
      closed: {
        prepare: epoch => closed.prepare(epoch),
        asRead: epoch => epoch % 2 === 0 && closed.asRead?.(epoch) === true,
      },
      walk: () => connections.walk(),
      readOpen: () => connections.readOpen(),
      readClosed: epoch => connections.readClosed(epoch),
      takeLost: () => connections.takeLost(),
    },
  }
}

test('an interval that was not at rest when it was read is read again, and counted once', async () => {
  const workload = await Workload.start('load', 'stream', 2, WORKERS)
  const pids = [workload.pid, ...(await workload.step('workers'))]
  const settings = { pids, intervalSeconds: 0.05, iterations: null, compat: false }
  const sampler = samplerOf(restless(await openTracers(OBJECTS, pids)), settings, OBJECTS)
  const samples: Sample[] = []
  const running = sampler.run({
    take: sample => {
      samples.push(sample.hold())
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
  const [connections = 0, bytes] = await workload.work()
  await workload.end()
  const until = samples.length + 3
  while (samples.length < until) await setTimeout(10)
  const rows = samples.flatMap(sample => listsOf(sample).connections)
  const calls = samples.flatMap(sample => listsOf(sample).syscalls)
  const processes = samples.flatMap(sample => listsOf(sample).processes)
  expect(rows.filter(row => row.closed && row.state !== 'LISTEN')).toHaveLength(2 * connections)
  expect(sum(rows, row => row.sent_bytes)).toBe(bytes)
  expect(sum(rows, row => row.received_bytes)).toBe(bytes)
  expect(sum(processes, row => row.sent_bytes)).toBe(bytes)
  expect(sum(processes, row => row.received_bytes)).toBe(bytes)
  // the first of each worker began before the tool, and the last never returned
  expect(sum(calls, row => (row.syscall === 'accept' ? row.count : 0))).toBe(connections - WORKERS)
  expect(sum(calls, row => row.count)).toBe(sum(processes, row => row.syscalls))
  expect(sum(samples, ({ lost }) => lost.syscalls + lost.connections + lost.bytes)).toBe(0)
})
