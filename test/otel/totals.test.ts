import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { Collector, type Point } from '../support/collector.ts'
import { freePort } from '../support/exporting.ts'
import { type Answer, Front, type Signal, TAKEN } from '../support/front.ts'
import { connectionRow } from '../support/samples.ts'
import { callRow, quietProcess, START_MS, sampleWith } from '../unit/otel/calls.ts'
import { startExport } from './start.ts'

const cleaning: (() => unknown)[] = []

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

const REFUSALS = [status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.INVALID_ARGUMENT, status.INTERNAL]

/** Refuses two requests of three, in every way. */
function mostly(_: Signal, index: number): Answer {
  return index % 3 === 2 ? TAKEN : { status: REFUSALS[index % REFUSALS.length] ?? status.UNAVAILABLE }
}

async function refusingCollector(answer: (signal: Signal, index: number) => Answer) {
  const collector = await Collector.start(await freePort())
  cleaning.push(() => collector.stop())
  const port = await freePort()
  const front = await Front.start([`127.0.0.1:${port}`], answer, collector)
  cleaning.push(() => front.stop())
  return { collector, front, url: `http://127.0.0.1:${port}` }
}

function sum(points: readonly Point[]): number {
  return points.reduce((total, { value }) => total + value, 0)
}

/** What a store makes of it: deltas are added up, of cumulative series the last value counts. */
function stored(collector: Collector, metric: string): number {
  const points = collector.points(metric)
  return sum(points[0]?.temporality === 'delta' ? points : collector.latest(metric))
}

describe.each(['cumulative', 'delta', 'lowmemory'])('%s totals', temporality => {
  const preference = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality }

  test.each([
    ['come more often than exports', 1, 0.4],
    ['come more seldom than exports', 12, 0.1],
  ])('are exact where a collector refuses most requests and samples %s', async (_, everyTenth, intervalSeconds) => {
    const { collector, url } = await refusingCollector(mostly)
    const { exporter, close } = startExport(
      { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...preference },
      { intervalSeconds: intervalSeconds * 5, top: 3 },
    )
    let [calls, errors, connections] = [0, 0, 0]
    for (let index = 1; index <= 30; index++) {
      // the top changes all the time, and so does the clock
      const processes = Array.from({ length: 6 }, (_, i) => quietProcess(i + 1, `p${i}`))
      const rows = processes.map(({ pid }) => {
        const count = (pid * 7 ** (index % 5)) % 1000
        calls += count
        errors += 1
        return callRow(pid, count, { errors: 1, failures: [{ errno: 'EBADF', count: 1 }] })
      })
      const open = processes.flatMap(({ pid }) =>
        Array.from({ length: (pid + index) % 4 }, (_, n) => connectionRow({ id: pid * 10 + n, pid, sent_bytes: 0 })),
      )
      connections = open.length
      const time = new Date(
        START_MS + index * 1000 + (index % 10 === 9 ? -5_000 : index > 20 ? 3_600_000 : 0),
      ).toISOString()
      await exporter.take(sampleWith(index, new Map(), { processes, calls: rows, connections: open, time }))
      await new Promise(resolve => setTimeout(resolve, everyTenth * 10))
    }
    // refused often enough by now; each export comes once more until all has arrived
    const end = START_MS + 30_000 + 3_600_000
    const isTold = (metric: string): boolean => collector.points(metric).some(({ endMs }) => endMs >= end)
    await collector.until(() => ['ebpf_top.tcp.connection.active', 'ebpf_top.memory.usage'].every(isTold))
    await close()
    expect(stored(collector, 'ebpf_top.syscall.calls')).toBe(calls)
    expect(stored(collector, 'ebpf_top.syscall.errors')).toBe(errors)
    expect(stored(collector, 'ebpf_top.syscall.duration')).toBe(calls)
    // a level is what it is in the last request, in whichever series
    expect(sum(collector.latest('ebpf_top.tcp.connection.active'))).toBe(connections)
    expectOrder(collector)
  })
})

/** Intervals of deltas follow each other, and no series goes back in time. */
function expectOrder(collector: Collector): void {
  const ends = new Map<string, number>()
  for (const { metric, attributes, temporality, startMs, endMs } of collector.requests.flat()) {
    if (metric !== 'ebpf_top.syscall.calls') continue
    const series = JSON.stringify(attributes)
    const last = ends.get(series) ?? 0
    expect(endMs).toBeGreaterThan(startMs)
    if (temporality === 'delta') expect(startMs).toBeGreaterThanOrEqual(last)
    expect(endMs).toBeGreaterThanOrEqual(last)
    ends.set(series, endMs)
  }
}

test('the last request is made anew where it is refused', async () => {
  const { collector, front, url } = await refusingCollector((_, index) =>
    index === 0 ? { status: status.RESOURCE_EXHAUSTED } : TAKEN,
  )
  const { exporter, close } = startExport({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, { intervalSeconds: 3600 })
  await exporter.take(sampleWith(1, new Map([['a', 5]])))
  await close()
  expect(front.received).toHaveLength(2)
  expect(sum(collector.latest('ebpf_top.syscall.calls'))).toBe(5)
})
