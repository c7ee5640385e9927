import { AggregationTemporality } from '@opentelemetry/sdk-metrics'
import { describe, expect, it } from 'vitest'
import type { Level } from '../../../src/otel/metrics/accumulate.ts'
import { Producer } from '../../../src/otel/metrics/producer.ts'
import { Turns } from '../../../src/otel/metrics/turns.ts'
import type { FreshSample } from '../../../src/sample/sample.ts'
import { total } from '../../../src/table/histogram.ts'
import { PORTION } from '../../../src/table/slices.ts'
import type { ConnectionRow } from '../../../src/tracers/connections/row.ts'
import type { SampleParts } from '../../support/samples.ts'
import { connectionRow } from '../../support/samples.ts'
import { Accumulator, callRow, quietProcess, START_MS, sampleWith } from './calls.ts'

/** All 64 digits, as the semantic conventions want them. */
const CONTAINER = '0123456789abcdef'.repeat(4)
const NOBODY = new Map<string, number>()

/** An accumulator that has taken `samples`, and ways to look at what it exports. */
function accumulated(samples: readonly FreshSample[], settings = { pids: false, top: 10 }) {
  const accumulator = new Accumulator(settings, START_MS)
  for (const sample of samples) accumulator.takeAll(sample)
  const collection = accumulator.collectAll()
  const groups = collection?.groups ?? []
  return {
    accumulator,
    counters: (name: string) =>
      groups.flatMap(group => [...group.counters(name)].map(({ labels, value }) => ({ ...labels, value }))),
    histograms: (name: string) =>
      groups.flatMap(group => [...group.histograms(name)].map(({ labels, value }) => ({ ...labels, value }))),
    levels: (name: string) => levelsOf(collection?.levels ?? [], name),
  }
}

function levelsOf(levels: readonly Level[], name: string) {
  return levels.filter(level => level.name === name).map(({ labels, value }) => ({ ...labels, value }))
}

/** What the two processes did that had pid 42 in one interval. */
function oneAfterTheOther(): FreshSample {
  const lives = [
    { name: 'first', started_ns: 1 },
    { name: 'second', started_ns: 2 },
  ]
  return sampleWith(1, NOBODY, {
    processes: lives.map(life => quietProcess(42, life.name, life)),
    calls: lives.map(({ started_ns }) => callRow(42, 10 * started_ns, { process_started_ns: started_ns })),
    connections: lives.map(({ started_ns }) => connectionRow({ id: started_ns, process_started_ns: started_ns })),
  })
}

/** FreshSample `index` with these connections of nginx, pid 42. */
function withConnections(
  index: number,
  connections: readonly ConnectionRow[],
  change: Partial<SampleParts> = {},
): FreshSample {
  return sampleWith(index, NOBODY, { processes: [quietProcess(42, 'nginx')], connections, ...change })
}

const nginx = { 'process.executable.name': 'nginx' }

describe('system calls', () => {
  it('are counted by process name and call, with their errors by errno and their durations', () => {
    const sample = sampleWith(1, NOBODY, {
      processes: [quietProcess(1, 'cat'), quietProcess(2, 'cat')],
      calls: [
        callRow(1, 10),
        callRow(2, 5, {
          errors: 3,
          failures: [
            { errno: 'EAGAIN', count: 2 },
            { errno: 'errno 599', count: 1 },
          ],
        }),
        callRow(2, 7, { syscall: 'write' }),
      ],
    })
    const { counters, histograms } = accumulated([sample, sample])
    const cat = { 'process.executable.name': 'cat' }
    expect(counters('ebpf_top.syscall.calls')).toEqual([
      { ...cat, 'ebpf_top.syscall.name': 'read', value: 30 },
      { ...cat, 'ebpf_top.syscall.name': 'write', value: 14 },
    ])
    expect(counters('ebpf_top.syscall.errors')).toEqual([
      { ...cat, 'ebpf_top.syscall.name': 'read', 'error.type': 'EAGAIN', value: 4 },
      { ...cat, 'ebpf_top.syscall.name': 'read', 'error.type': 'errno 599', value: 2 },
    ])
    const [read] = histograms('ebpf_top.syscall.duration')
    expect(read?.value.count(80)).toBe(30)
    expect(read?.value.sum).toBe(30 * 1500)
  })

  it('keep containers and pods apart', () => {
    const sample = sampleWith(1, NOBODY, {
      processes: [quietProcess(1, 'cat', { container: CONTAINER, pod: 'p-1' }), quietProcess(2, 'cat')],
      calls: [callRow(1, 10), callRow(2, 5)],
    })
    expect(accumulated([sample]).counters('ebpf_top.syscall.calls')).toEqual([
      {
        'process.executable.name': 'cat',
        'container.id': CONTAINER,
        'k8s.pod.uid': 'p-1',
        'ebpf_top.syscall.name': 'read',
        value: 10,
      },
      { 'process.executable.name': 'cat', 'ebpf_top.syscall.name': 'read', value: 5 },
    ])
  })
})

describe('bytes', () => {
  it('are counted by direction and transport', () => {
    const transports = {
      tcp: { sent_bytes: 100, received_bytes: 20 },
      udp: { sent_bytes: 3, received_bytes: 0 },
      other: { sent_bytes: 0, received_bytes: 0 },
    }
    const row = quietProcess(42, 'nginx', { sent_bytes: 103, received_bytes: 20, transports })
    const sample = sampleWith(1, NOBODY, { processes: [row] })
    expect(accumulated([sample, sample]).counters('process.network.io')).toEqual([
      { ...nginx, 'network.io.direction': 'transmit', 'network.transport': 'tcp', value: 200 },
      { ...nginx, 'network.io.direction': 'receive', 'network.transport': 'tcp', value: 40 },
      { ...nginx, 'network.io.direction': 'transmit', 'network.transport': 'udp', value: 6 },
    ])
  })
})

describe('connections', () => {
  const young = { opened: true, age_seconds: 0.5, direction: 'outbound', connect_latency_ns: 2_000_000 } as const

  it('are each opened once and closed once, however many samples they are in', () => {
    const { counters, histograms } = accumulated([
      withConnections(1, [connectionRow(young)]),
      withConnections(2, [connectionRow({ ...young, opened: false, age_seconds: 1.5 })]),
      withConnections(3, [connectionRow({ ...young, opened: false, age_seconds: 2.25, closed: true, state: 'CLOSE' })]),
    ])
    expect(counters('ebpf_top.tcp.connection.opened')).toEqual([{ ...nginx, 'network.type': 'ipv4', value: 1 }])
    expect(counters('ebpf_top.tcp.connection.accepted')).toEqual([])
    expect(counters('ebpf_top.tcp.connection.closed')).toEqual([{ ...nginx, 'network.type': 'ipv4', value: 1 }])
    expect(histograms('ebpf_top.tcp.connect.duration').map(({ value }) => value.sum)).toEqual([2_000_000])
    expect(histograms('ebpf_top.tcp.connection.duration').map(({ value }) => value.sum)).toEqual([2.25e9])
  })

  it('that began and closed in one interval count as both; inbound ones are accepted', () => {
    const row = connectionRow({ opened: true, closed: true, age_seconds: 0.1, family: 'ipv6' })
    const { counters } = accumulated([withConnections(1, [row, row])])
    expect(counters('ebpf_top.tcp.connection.accepted')).toEqual([{ ...nginx, 'network.type': 'ipv6', value: 2 }])
    expect(counters('ebpf_top.tcp.connection.closed')).toEqual([{ ...nginx, 'network.type': 'ipv6', value: 2 }])
  })

  it('older than the tool, or than a pid filter that hid them, are not opened', () => {
    const { counters } = accumulated([
      withConnections(1, [connectionRow({ age_is_minimum: true, age_seconds: 0.2 })]),
      withConnections(2, [connectionRow({ remote: { address: '::1', port: 9 }, age_seconds: 60 })]),
    ])
    expect(counters('ebpf_top.tcp.connection.accepted')).toEqual([])
  })

  it('that take long to connect are opened when they are established; those that never are, failed', () => {
    const connecting = connectionRow({ ...young, state: 'SYN_SENT', established: false, connect_latency_ns: null })
    const slow = [
      withConnections(1, [connecting]),
      withConnections(2, [{ ...connecting, opened: false, age_seconds: 1.5 }]),
    ]
    const done = withConnections(3, [connectionRow({ ...young, opened: false, age_seconds: 2.5 })])
    const ended = { ...connecting, opened: false, closed: true }
    const failed = withConnections(3, [{ ...ended, error: 'ETIMEDOUT', state: 'CLOSE' }])
    const givenUp = withConnections(3, [ended])
    expect(accumulated(slow).counters('ebpf_top.tcp.connection.opened')).toEqual([])
    expect(accumulated([...slow, done]).counters('ebpf_top.tcp.connection.opened')).toMatchObject([{ value: 1 }])
    const end = accumulated([...slow, failed])
    expect(end.counters('ebpf_top.tcp.connection.opened')).toEqual([])
    expect(end.counters('ebpf_top.tcp.connection.closed')).toEqual([])
    expect(end.counters('ebpf_top.tcp.connection.failed')).toEqual([{ ...nginx, 'error.type': 'ETIMEDOUT', value: 1 }])
    const other = accumulated([...slow, givenUp])
    expect(other.counters('ebpf_top.tcp.connection.opened')).toEqual([])
    expect(other.counters('ebpf_top.tcp.connection.closed')).toEqual([])
    expect(other.counters('ebpf_top.tcp.connection.failed')).toEqual([{ ...nginx, 'error.type': '_OTHER', value: 1 }])
  })

  it('have their retransmits counted once, also when their addresses are used again', () => {
    const { counters } = accumulated([
      // those before the first sample are not of this run
      withConnections(1, [connectionRow({ retransmits: 10, age_is_minimum: true })]),
      withConnections(2, [connectionRow({ retransmits: 12, age_is_minimum: true })]),
      withConnections(3, [
        connectionRow({ ...young, retransmits: 1 }),
        connectionRow({ retransmits: 13, age_is_minimum: true, closed: true }),
      ]),
      withConnections(4, [connectionRow({ retransmits: 5, age_seconds: 1.5 })]),
    ])
    expect(counters('ebpf_top.tcp.retransmits')).toEqual([{ ...nginx, value: 2 + 1 + 1 + 4 }])
  })

  it('have their round-trip time recorded in intervals in which they sent', () => {
    const { histograms } = accumulated([
      withConnections(1, [
        connectionRow({ rtt_ns: 1000 }),
        connectionRow({ rtt_ns: 0, local: { address: 'b', port: 1 } }),
      ]),
      withConnections(2, [connectionRow({ rtt_ns: 1000, sent_bytes: 0 })]),
    ])
    expect(histograms('ebpf_top.tcp.rtt').map(({ value }) => [total(value), value.sum])).toEqual([[1, 1000]])
  })

  it('without a known owner count without a process', () => {
    const { counters } = accumulated([withConnections(1, [connectionRow({ ...young, pid: null, name: null })])])
    expect(counters('ebpf_top.tcp.connection.opened')).toEqual([{ 'network.type': 'ipv4', value: 1 }])
  })
})

describe('numbers that no kernel has a call for', () => {
  it('are one name, so that nobody makes up series', () => {
    const calls = [500, 501, 9999].map(id => callRow(1, 2, { id, syscall: `syscall_${id}` }))
    const processes = [quietProcess(1, 'a')]
    const { counters } = accumulated([sampleWith(1, NOBODY, { processes, calls })])
    expect(counters('ebpf_top.syscall.calls')).toEqual([
      { 'process.executable.name': 'a', 'ebpf_top.syscall.name': 'unknown', value: 6 },
    ])
  })
})

describe('levels', () => {
  it('are those of the last sample, and 0 for what is no more until that arrived', () => {
    const two = [connectionRow(), connectionRow({ remote: { address: '10.0.0.1', port: 1 }, state: 'CLOSE_WAIT' })]
    const { accumulator, levels } = accumulated([withConnections(1, two)])
    const state = (name: string, value: number) => ({
      'network.connection.state': name,
      'network.transport': 'tcp',
      value,
    })
    expect(levels('system.network.connection.count')).toEqual([state('established', 1), state('close_wait', 1)])
    expect(levels('ebpf_top.tcp.connection.active')).toEqual([{ ...nginx, 'network.type': 'ipv4', value: 2 }])
    accumulator.takeAll(withConnections(2, []))
    const then = accumulator.collectAll()?.levels ?? []
    expect(levelsOf(then, 'system.network.connection.count')).toEqual([state('established', 0), state('close_wait', 0)])
    expect(levelsOf(then, 'ebpf_top.tcp.connection.active')).toMatchObject([{ value: 0 }])
    const active = () => levelsOf(accumulator.collectAll()?.levels ?? [], 'ebpf_top.tcp.connection.active')
    expect(active()).toMatchObject([{ value: 0 }])
    accumulator.deliverAll()
    expect(active()).toEqual([])
    // the answer to what was collected before comes late
    accumulator.takeAll(withConnections(3, []))
    accumulator.collectAll()
    accumulator.takeAll(withConnections(4, two))
    accumulator.deliverAll()
    expect(active()).toMatchObject([{ value: 2 }])
  })

  it('add up to what there is at every moment, where a process leaves the top and where requests fail', () => {
    const accumulator = new Accumulator({ pids: false, top: 1 }, START_MS)
    // what a store knows: the last value of each series that arrived
    const store = new Map<string, number>()
    const processes = [1, 2].map(pid => quietProcess(pid, `p${pid}`))
    const step = (index: number, calls: readonly number[], open: readonly number[], arrives: boolean): void => {
      const connections = open.flatMap((count, i) =>
        Array.from({ length: count }, (_, n) =>
          connectionRow({
            id: i * 100 + n,
            pid: i + 1,
            sent_bytes: 0,
            remote: { address: '10.0.0.1', port: i * 100 + n },
          }),
        ),
      )
      accumulator.takeAll(
        sampleWith(index, NOBODY, { processes, connections, calls: calls.map((count, i) => callRow(i + 1, count)) }),
      )
      const levels = levelsOf(accumulator.collectAll()?.levels ?? [], 'ebpf_top.tcp.connection.active')
      if (!arrives) return
      for (const { value, ...labels } of levels) store.set(JSON.stringify(labels), Number(value))
      accumulator.deliverAll()
      expect(
        [...store.values()].reduce((sum, value) => sum + value, 0),
        `step ${index}`,
      ).toBe((open[0] ?? 0) + (open[1] ?? 0))
    }
    step(1, [10, 0], [3, 2], true)
    step(2, [0, 1000], [3, 2], true)
    step(3, [0, 1000], [3, 2], true)
    step(4, [100_000, 0], [4, 1], false)
    step(5, [0, 0], [4, 0], true)
    step(6, [0, 9_000_000], [1, 1], false)
    step(7, [0, 0], [0, 0], false)
    step(8, [0, 0], [0, 0], true)
    expect([...store.values()]).toEqual([0, 0, 0])
    expect(levelsOf(accumulator.collectAll()?.levels ?? [], 'ebpf_top.tcp.connection.active')).toEqual([])
  })

  it('of processes without series of their own are added up', () => {
    const rows = [1, 2, 3].map(pid => connectionRow({ pid, sent_bytes: 0, remote: { address: '10.0.0.1', port: pid } }))
    const processes = [1, 2, 3].map(pid => quietProcess(pid, `p${pid}`))
    const sample = sampleWith(1, NOBODY, { processes, connections: rows, calls: [callRow(2, 9)] })
    expect(accumulated([sample], { pids: false, top: 1 }).levels('ebpf_top.tcp.connection.active')).toEqual([
      { 'process.executable.name': 'p2', 'network.type': 'ipv4', value: 1 },
      { 'otel.metric.overflow': true, 'network.type': 'ipv4', value: 2 },
    ])
  })

  it('tell of a pid filter, and of how full maps are', () => {
    const maps = [{ name: 'calls', used: 5, limit: 32_768 }]
    const { levels } = accumulated([sampleWith(1, NOBODY, { filter: { pids: [7] }, maps })])
    expect(levels('ebpf_top.filter.active')).toEqual([{ value: 1 }])
    expect(levels('ebpf_top.map.usage')).toEqual([{ 'ebpf_top.map.name': 'calls', value: 5 }])
    expect(levels('ebpf_top.map.limit')).toEqual([{ 'ebpf_top.map.name': 'calls', value: 32_768 }])
    expect(accumulated([sampleWith(1, NOBODY)]).levels('ebpf_top.filter.active')).toEqual([{ value: 0 }])
  })
})

describe('taking and collecting', () => {
  const rows = 10_000

  it('can be laid aside at least every so many rows', () => {
    const calls = new Map(Array.from({ length: rows }, (_, i) => [`p${i}`, i + 1]))
    const connections = Array.from({ length: rows }, (_, id) => connectionRow({ id, pid: 1 + (id % 100) }))
    const accumulator = new Accumulator({ pids: false, top: 200 }, START_MS)
    expect([...accumulator.take(sampleWith(1, calls, { connections }))].length).toBeGreaterThan((2 * rows) / PORTION)
    expect([...accumulator.collect()].length).toBeGreaterThan(rows / PORTION)
  })

  it('wait for each other, so that an export is of one moment', async () => {
    const accumulator = new Accumulator({ pids: false, top: 200 }, START_MS)
    const turns = new Turns()
    const calls = (count: number) => new Map(Array.from({ length: rows }, (_, i) => [`p${i}`, count]))
    await turns.do(() => accumulator.take(sampleWith(1, calls(1))))
    const settings = { histograms: 'exponential', temporalityOf: () => AggregationTemporality.CUMULATIVE } as const
    const collecting = new Producer(accumulator, turns, settings).collect()
    const taking = turns.do(() => accumulator.take(sampleWith(2, calls(1))))
    const metrics = (await collecting).resourceMetrics.scopeMetrics.flatMap(scope => scope.metrics)
    const [counts, durations] = ['ebpf_top.syscall.calls', 'ebpf_top.syscall.duration'].map(name => {
      const points = metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
      return points.reduce((sum, { value }) => sum + (typeof value === 'object' ? value.count : value), 0)
    })
    expect([counts, durations]).toEqual([rows, rows])
    await taking
    expect(accumulator.collectAll()?.end.ms).toBe(START_MS + 2000)
  })
})

describe('of ebpf-top itself', () => {
  it('lost events, processor time and the time of sampling add up', () => {
    const sample = sampleWith(1, NOBODY, {
      losses: [
        { tracer: 'syscalls', reason: 'no_row', count: 3 },
        { tracer: 'bytes', reason: 'missed', count: 1 },
      ],
      self: {
        cpu_seconds: 0.25,
        resident_bytes: 7,
        private_bytes: 7,
        map_bytes: null,
        bpf_seconds: 0.5,
        sample_seconds: 0.125,
      },
    })
    const { counters, histograms, levels } = accumulated([sample, sample])
    expect(counters('ebpf_top.lost')).toEqual([
      { 'ebpf_top.tracer': 'syscalls', reason: 'no_row', value: 6 },
      { 'ebpf_top.tracer': 'bytes', reason: 'missed', value: 2 },
    ])
    expect(counters('ebpf_top.cpu.time')).toEqual([{ value: 0.5 }])
    expect(counters('ebpf_top.bpf.time')).toEqual([{ value: 1 }])
    expect(histograms('ebpf_top.sample.duration').map(({ value }) => [total(value), value.sum])).toEqual([[2, 0.25e9]])
    expect(levels('ebpf_top.memory.usage')).toEqual([{ value: 7 }])
  })
})

describe('two processes with one pid', () => {
  it('have series of their own', () => {
    const { counters, levels } = accumulated([oneAfterTheOther()])
    const named = (of: readonly Record<string, unknown>[]) => of.map(one => [one['process.executable.name'], one.value])
    expect(named(counters('ebpf_top.syscall.calls'))).toEqual([
      ['second', 20],
      ['first', 10],
    ])
    expect(named(levels('ebpf_top.tcp.connection.active'))).toEqual([
      ['second', 1],
      ['first', 1],
    ])
  })
})
