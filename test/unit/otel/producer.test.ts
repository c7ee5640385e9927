import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import { Producer } from '../../../src/otel/metrics/producer.ts'
import { Turns } from '../../../src/otel/metrics/turns.ts'
import { Accumulator, START_MS, sampleWith } from './calls.ts'

const DELTA = AggregationTemporality.DELTA
const CUMULATIVE = AggregationTemporality.CUMULATIVE

function start(temporality: AggregationTemporality, top = 10) {
  const accumulator = new Accumulator({ pids: false, top }, START_MS)
  const producer = new Producer(accumulator, new Turns(), {
    histograms: 'exponential',
    temporalityOf: () => temporality,
  })
  const collect = async (): Promise<ResourceMetrics> => {
    const { resourceMetrics, errors } = await producer.collect()
    expect(errors).toEqual([])
    return resourceMetrics
  }
  return { accumulator, producer, collect }
}

function metricOf({ scopeMetrics }: ResourceMetrics, name: string): MetricData | undefined {
  return scopeMetrics.flatMap(({ metrics }) => metrics).find(({ descriptor }) => descriptor.name === name)
}

/** Values of a metric of numbers, with start and end in seconds since START_MS. */
function values(metrics: ResourceMetrics, name: string): [number, number, number][] {
  const seconds = ([whole, nano]: readonly [number, number]): number => whole + nano / 1e9 - START_MS / 1000
  return (metricOf(metrics, name)?.dataPoints ?? []).map(({ value, startTime, endTime }) => [
    typeof value === 'object' ? value.count : value,
    seconds(startTime),
    seconds(endTime),
  ])
}

const CALLS = 'ebpf_top.syscall.calls'
const DURATION = 'ebpf_top.syscall.duration'
const calls = (count: number) => new Map([['a', count]])

describe('before the first sample', () => {
  it('there is nothing to send', async () => {
    const { collect } = start(CUMULATIVE)
    expect((await collect()).scopeMetrics).toEqual([])
  })
})

describe('cumulative', () => {
  it('values are totals since the start, up to the end of the last sample', async () => {
    const { accumulator, collect } = start(CUMULATIVE)
    accumulator.takeAll(sampleWith(1, calls(5)))
    expect(values(await collect(), CALLS)).toEqual([[5, 0, 1]])
    accumulator.takeAll(sampleWith(2, calls(7)))
    const second = await collect()
    expect(values(second, CALLS)).toEqual([[12, 0, 2]])
    expect(values(second, DURATION)).toEqual([[12, 0, 2]])
    // nothing happened since: totals stand
    expect(values(await collect(), CALLS)).toEqual([[12, 0, 2]])
  })
})

describe('delta', () => {
  it('values are what came since the last one that arrived', async () => {
    const { accumulator, producer, collect } = start(DELTA)
    accumulator.takeAll(sampleWith(1, calls(5)))
    const first = await collect()
    expect(values(first, CALLS)).toEqual([[5, 0, 1]])
    producer.arrived(first, producer.rounds, 'whole')
    accumulator.takeAll(sampleWith(2, calls(7)))
    const lost = await collect()
    expect(values(lost, CALLS)).toEqual([[7, 1, 2]])
    // it did not arrive: the next one holds it
    accumulator.takeAll(sampleWith(3, calls(1)))
    const third = await collect()
    expect(values(third, CALLS)).toEqual([[8, 1, 3]])
    expect(values(third, DURATION)).toEqual([[8, 1, 3]])
    producer.arrived(third, producer.rounds, 'whole')
    expect(values(await collect(), CALLS)).toEqual([])
  })

  it.each([
    [3600, 3600],
    [-3600, 0],
    [-1.5, 0],
    [0.125, 0.125],
  ])('values are sent once, and end after they begin, where the clock is set by %d s', async (by, seen) => {
    const { accumulator, producer, collect } = start(DELTA)
    const set = (index: number) => ({ time: new Date(START_MS + (index + by) * 1000).toISOString() })
    accumulator.takeAll(sampleWith(1, calls(5)))
    producer.arrived(await collect(), producer.rounds, 'whole')
    accumulator.takeAll(sampleWith(2, calls(7), set(2)))
    const second = await collect()
    // by little it is an interval of another length
    const from = Math.abs(by) < 0.25 ? 1 : 1 + seen
    expect(values(second, CALLS)).toEqual([[7, from, 2 + seen]])
    producer.arrived(second, producer.rounds, 'whole')
    accumulator.takeAll(sampleWith(3, calls(1), set(3)))
    expect(values(await collect(), CALLS)).toEqual([[1, 2 + seen, 3 + seen]])
  })

  it.each([DELTA, CUMULATIVE])('times never go back, however often the clock is set (temporality %i)', async kind => {
    const { accumulator, producer, collect } = start(kind)
    let [start_, end] = [-Infinity, -Infinity]
    let sum = 0
    for (const [i, by] of [0, 3600, 0, -7200, 100, -0.2, -0.4, 0, 99_999, 5].entries()) {
      const time = new Date(START_MS + (i + 1 + by) * 1000).toISOString()
      accumulator.takeAll(sampleWith(i + 1, calls(10), { time }))
      const metrics = await collect()
      for (const [value, startS, endS] of values(metrics, CALLS)) {
        expect(startS).toBeGreaterThanOrEqual(kind === DELTA ? end : start_)
        expect(endS).toBeGreaterThan(Math.max(end, startS))
        ;[start_, end] = [startS, endS]
        sum = kind === DELTA ? sum + value : value
      }
      producer.arrived(metrics, producer.rounds, 'whole')
    }
    expect(sum).toBe(100)
    if (kind === CUMULATIVE) expect(start_).toBe(0)
  })

  it('an answer that comes after a later one changes nothing', async () => {
    const { accumulator, producer, collect } = start(DELTA)
    accumulator.takeAll(sampleWith(1, calls(5)))
    const first = await collect()
    accumulator.takeAll(sampleWith(2, calls(7)))
    producer.arrived(await collect(), producer.rounds, 'whole')
    producer.arrived(first, 1, 'whole')
    accumulator.takeAll(sampleWith(3, calls(1)))
    expect(values(await collect(), CALLS)).toEqual([[1, 2, 3]])
  })

  it('levels stay what they are', async () => {
    const { accumulator, producer, collect } = start(DELTA)
    accumulator.takeAll(sampleWith(1, calls(5)))
    producer.arrived(await collect(), producer.rounds, 'whole')
    expect(metricOf(await collect(), 'ebpf_top.memory.usage')).toMatchObject({
      aggregationTemporality: CUMULATIVE,
      isMonotonic: false,
    })
  })

  it('sums up to the totals through churn, with requests that get lost', async () => {
    const { accumulator, producer, collect } = start(DELTA, 2)
    let truth = 0
    let received = 0
    for (let index = 1; index <= 60; index++) {
      const count = (index * 7919) % 1000
      truth += count + 3
      accumulator.takeAll(
        sampleWith(
          index,
          new Map([
            [`p${index % 7}`, count],
            ['steady', 3],
          ]),
        ),
      )
      const metrics = await collect()
      if (index % 3 === 0 && index < 60) continue
      producer.arrived(metrics, producer.rounds, 'whole')
      for (const { value } of metricOf(metrics, CALLS)?.dataPoints ?? []) received += Number(value)
    }
    expect(received).toBe(truth)
  })
})

describe('parts of a collection', () => {
  it('that arrive alone are not sent again, and the rest is', async () => {
    const { accumulator, producer, collect } = start(DELTA)
    accumulator.takeAll(
      sampleWith(
        1,
        new Map([
          ['a', 5],
          ['b', 9],
        ]),
      ),
    )
    const all = await collect()
    const metric = metricOf(all, CALLS)
    if (metric?.dataPointType !== DataPointType.SUM) throw new Error('no such metric')
    const half = { ...metric, dataPoints: metric.dataPoints.slice(0, 1) }
    producer.arrived({ ...all, scopeMetrics: [{ scope: { name: 'x' }, metrics: [half] }] }, producer.rounds, 'whole')
    expect(values(await collect(), CALLS)).toEqual([[5, 0, 1]])
  })
})
