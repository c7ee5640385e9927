import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSampler } from '../../src/sample/open.ts'
import type { Sample } from '../../src/sample/sample.ts'
import type { Sampler } from '../../src/session.ts'
import type { ConnectionRow } from '../../src/tracers/connections/row.ts'
import { Namespace } from '../support/network.ts'
import { listsOf } from '../support/samples.ts'
import { OBJECTS, sum } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

/** What is kept of a sample of so many rows. */
interface Count {
  readonly seconds: number
  /** Processor time of the whole process in that interval. */
  readonly cpuSeconds: number
  readonly opened: number
  readonly open: number
  readonly closed: number
  readonly unowned: number
  readonly sent: number
  readonly received: number
  readonly lost: number
}

const isOurs = (row: ConnectionRow): boolean => row.name === 'load'

function count(sample: Sample): Count {
  const { interval_seconds, lost, self } = sample
  const { connections } = listsOf(sample)
  const ours = connections.filter(isOurs)
  return {
    seconds: interval_seconds,
    cpuSeconds: self.cpu_seconds,
    opened: ours.filter(row => row.opened).length,
    open: ours.filter(row => !row.closed).length,
    closed: ours.filter(row => row.closed).length,
    unowned: connections.filter(row => row.pid === null).length,
    sent: sum(ours, row => row.sent_bytes),
    received: sum(ours, row => row.received_bytes),
    lost: lost.connections,
  }
}

/** The sampler inside of this process: as JSON, samples of this size would be the load. */
class Counting {
  readonly counts: Count[] = []
  readonly #sampler: Sampler
  readonly #running: Promise<void>

  private constructor(sampler: Sampler) {
    this.#sampler = sampler
    this.#running = sampler.run({
      take: sample => void this.counts.push(count(sample)),
      fail: error => {
        throw error
      },
    })
  }

  static async start(intervalSeconds: number, pids: readonly number[] = []): Promise<Counting> {
    const sampler = await openSampler({ pids, intervalSeconds, iterations: null, compat: false }, OBJECTS)
    const counting = new Counting(sampler)
    onTestFinished(async () => {
      sampler.stop()
      await counting.#running
      sampler.close()
    })
    await counting.more(1)
    return counting
  }

  /** From now on an interval is so long. */
  every(seconds: number): void {
    this.#sampler.setInterval(seconds)
  }

  /** Waits for so many more samples. */
  async more(samples: number): Promise<void> {
    const wanted = this.counts.length + samples
    while (this.counts.length < wanted) await setTimeout(10)
  }

  sum(figure: (count: Count) => number): number {
    return this.counts.reduce((total, count) => total + figure(count), 0)
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const SECONDS = 10
const HELD = 20_000
/** Far below what a connection that is remembered takes. */
const BYTES_EACH = 50

const WORKERS = 2
/** Connections whose ends are more than there are rows for, and more than sockets find a place. */
const MORE_THAN_ROWS = 40_000
const MORE_THAN_PLACES = 110_000

/**
 * Every end of a connection is in a row that says it closed, or is among the lost. So are the listening sockets, one a
 * worker, and of what was lost nobody can say which it was. Without a loss all is equal.
 */
function expectAllTold(counting: Counting, ends: number): void {
  const closed = counting.sum(count => count.closed)
  const opened = counting.sum(count => count.opened)
  const lost = counting.sum(count => count.lost)
  expect(closed).toBeLessThanOrEqual(ends)
  expect(opened).toBeLessThanOrEqual(ends)
  expect(closed + lost).toBeGreaterThanOrEqual(ends)
  expect(closed + lost).toBeLessThanOrEqual(ends + (lost > 0 ? WORKERS : 0))
  expect(opened + lost).toBeGreaterThanOrEqual(ends)
}

/** Runs of the BPF programs of this process that the kernel left out so far. */
function leftOut(): number {
  const folder = '/proc/self/fdinfo'
  const runs = readdirSync(folder).map(fd => {
    // the folder itself was open while it was read
    if (!existsSync(`${folder}/${fd}`)) return 0
    return Number(/^recursion_misses:\s*(\d+)$/m.exec(readFileSync(`${folder}/${fd}`, 'utf8'))?.[1] ?? 0)
  })
  return runs.reduce((sum, count) => sum + count, 0)
}

describe('under load', () => {
  test('every connection is there once for each end, opened and closed, and none is remembered', async () => {
    const workload = await Workload.start('load', 'rate', SECONDS, WORKERS)
    // what others lose, where the machine lets an interval grow far too long, cannot be told from it
    const counting = await Counting.start(1, [workload.pid, ...(await workload.step('workers'))])
    const before = heapBytes()
    const [connections = 0] = await workload.work()
    await counting.more(2)
    const growth = heapBytes() - before
    await workload.end()
    console.log(`${Math.round(connections / SECONDS)} connections a second`)
    expect(connections).toBeGreaterThan(0)
    expectAllTold(counting, 2 * connections)
    expect(counting.sum(sample => sample.unowned)).toBe(0)
    expect(growth).toBeLessThan(2 * connections * BYTES_EACH)
    // an interval's work fits into an interval, on however busy a machine
    for (const sample of counting.counts) expect(sample.cpuSeconds).toBeLessThan(sample.seconds)
  })

  test.each([
    { kind: 'rate', seconds: 3 },
    { kind: 'stream', seconds: 6 },
  ])('the bytes of each end are exact, however often a walk meets it at work: $kind', async ({ kind, seconds }) => {
    const workload = await Workload.start('load', kind, seconds, WORKERS)
    const counting = await Counting.start(0.01, [workload.pid, ...(await workload.step('workers'))])
    const [connections = 0, bytes = 0] = await workload.work()
    await workload.end()
    counting.every(0.5)
    await counting.more(2)
    expect(counting.sum(count => count.lost)).toBe(0)
    expect(counting.sum(count => count.closed)).toBe(2 * connections)
    expect(counting.sum(count => count.sent)).toBe(bytes)
    expect(counting.sum(count => count.received)).toBe(bytes)
    expect(counting.counts.filter(({ sent, received }) => sent < 0 || received < 0)).toEqual([])
  })

  test('what the kernel leaves out of a program in the middle of itself is made good, or lost', async () => {
    const host = new Namespace()
    // packets to the first two processors, also where these are in the middle of changing a socket
    host.run('sh', '-c', 'echo 3 > /sys/class/net/lo/queues/rx-0/rps_cpus')
    const workload = await Workload.startWithin(host.name, 'load', 'rate', SECONDS / 2, WORKERS)
    const counting = await Counting.start(0.5, [workload.pid, ...(await workload.step('workers'))])
    const [connections = 0] = await workload.work()
    await workload.end()
    await counting.more(2)
    expect(leftOut()).toBeGreaterThan(0)
    // some kernels run no program at all for a packet that interrupts their first process: such ends are lost, if any
    expect(counting.sum(count => count.closed + count.lost)).toBe(2 * connections)
    expect(counting.sum(count => count.opened)).toBeLessThanOrEqual(2 * connections)
    expect(counting.sum(count => count.lost)).toBeLessThan(connections / 50)
  })

  /** So many connections that come and go within one long interval. */
  async function inOneInterval(many: number): Promise<{ counting: Counting; ends: number }> {
    const workload = await Workload.start('load', 'rate', 0, WORKERS, many / WORKERS)
    // not the process that began them: of the rows that are lost, two would be its listening sockets
    const counting = await Counting.start(0.2, await workload.step('workers'))
    counting.every(60)
    const [connections = 0] = await workload.work()
    await workload.end()
    counting.every(0.2)
    await counting.more(2)
    return { counting, ends: 2 * connections }
  }

  test('more than there are rows for in an interval are told all the same', async () => {
    const { counting, ends } = await inOneInterval(MORE_THAN_ROWS)
    expect(counting.sum(sample => sample.lost)).toBe(0)
    expectAllTold(counting, ends)
  })

  test('what there are no places for is counted as lost, to the connection', async () => {
    const { counting, ends } = await inOneInterval(MORE_THAN_PLACES)
    expect(counting.sum(sample => sample.lost)).toBeGreaterThan(0)
    expectAllTold(counting, ends)
  })

  test('all that are open at once stand there, each time', async () => {
    const workload = await Workload.start('load', 'open', HELD)
    const counting = await Counting.start(1)
    await workload.work()
    await counting.more(3)
    const [full] = counting.counts.slice(-1)
    expect(full).toMatchObject({ open: 2 * HELD, closed: 0, opened: 0, unowned: 0, lost: 0 })
    await workload.step('closed')
    await counting.more(2)
    await workload.end()
    expect(counting.sum(sample => sample.lost)).toBe(0)
    expect(counting.sum(sample => sample.opened)).toBe(2 * HELD)
    expect(counting.sum(sample => sample.closed)).toBe(2 * HELD)
  })
})
