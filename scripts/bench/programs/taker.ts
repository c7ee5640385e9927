/**
 * taker FOLDER SECONDS loop|no-loop [NAME]: takes samples of the running kernel as ebpf-top does, with the BPF objects of
 * FOLDER, and prints for each a line of JSON that says what it took and what is in it; see `Taken`.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSampler } from '../../../src/sample/open.ts'
import type { FreshSample, Sample } from '../../../src/sample/sample.ts'
import { total } from '../../../src/table/histogram.ts'
import { connectionTable } from '../../../src/tracers/connections/table.ts'
import { processTable } from '../../../src/tracers/processes/table.ts'
import type { Taken } from '../taking.ts'

/** Milliseconds after a sample until the delay that it caused is known for sure; shorter than any interval. */
const AFTERWARDS = 100

const [folder = '', seconds = '1', loop = '', name = ''] = process.argv.slice(2)
const delay = monitorEventLoopDelay({ resolution: 1 })

const settings = { pids: [], intervalSeconds: Number(seconds), iterations: null, compat: false }
const sampler = await openSampler(settings, folder)
process.once('SIGINT', () => sampler.stop())
if (loop === 'loop') delay.enable()
await sampler.run({
  take: async sample => {
    await sleep(AFTERWARDS)
    process.stdout.write(`${JSON.stringify(describe(sample))}\n`)
    delay.reset()
  },
  fail: error => {
    throw error
  },
})
sampler.close()

function describe(sample: FreshSample): Taken {
  return {
    seconds: sample.interval_seconds,
    milliseconds: 1000 * sample.self.sample_seconds,
    cpuMilliseconds: 1000 * sample.self.cpu_seconds,
    // the timer that measures comes after a millisecond anyway
    blockedMilliseconds: Math.max(0, delay.max / 1e6 - 1),
    // without making an object of each, which would count as what the next sample takes
    calls: sample.maps.find(map => map.name === 'calls')?.used ?? 0,
    processes: sample.tables.of(processTable).length,
    connections: sample.tables.of(connectionTable).length,
    ...endsOf(sample),
    lostConnections: sample.lost.connections,
    residentMegabytes: sample.self.resident_bytes / 1e6,
    counted: countOf(sample),
    lost: sample.lost.syscalls,
  }
}

/** Ends of connections of the processes called `name`, and of nobody. */
function endsOf({ tables }: Sample): Pick<Taken, 'opened' | 'closed' | 'open' | 'unowned'> {
  const ends = { opened: 0, closed: 0, open: 0, unowned: 0 }
  if (name === '') return ends
  for (const row of tables.of(connectionTable)) {
    if (row.pid === null) ends.unowned++
    if (row.name !== name) continue
    if (row.opened) ends.opened++
    if (row.closed) ends.closed++
    else ends.open++
  }
  return ends
}

/** Calls by their numbers, of the processes called `name`. */
function countOf({ tables, calls }: FreshSample): Record<number, number> {
  const counted: Record<number, number> = {}
  if (name === '') return counted
  const pids = new Set(
    tables
      .of(processTable)
      .filter(row => row.name === name)
      .map(row => row.pid),
  )
  for (const { pid, id, durations, untimed } of calls) {
    if (pids.has(pid)) counted[id] = (counted[id] ?? 0) + total(durations) + untimed
  }
  return counted
}
