import { createServer } from 'node:http2'
import { afterEach, describe, expect, test } from 'vitest'
import { allMetrics } from '../../src/otel/metrics/metrics.ts'
import { PROCESS_ATTRIBUTES } from '../../src/tracers/attributes.ts'
import type { MetricDescription } from '../../src/tracers/metrics.ts'
import { Collector, type Point } from '../support/collector.ts'
import { freePort } from '../support/exporting.ts'
import { type Answer, Front, type Signal, TAKEN } from '../support/front.ts'
import { connectionRow, listsOf, processRow, slowCallRow } from '../support/samples.ts'
import { callRow, sampleWith } from '../unit/otel/calls.ts'
import { type Started, startExport } from './start.ts'

/** All 64 digits, as the semantic conventions want them. */
const CONTAINER = '0123456789abcdef'.repeat(4)
const NOBODY = new Map<string, number>()
const opened: (Collector | Front | Started)[] = []

afterEach(async () => {
  for (const one of opened.splice(0)) await ('stop' in one ? one.stop() : one.close())
})

async function startCollector(port?: number): Promise<Collector> {
  const collector = await Collector.start(port ?? (await freePort()))
  opened.push(collector)
  return collector
}

function start(...args: Parameters<typeof startExport>): Started {
  const started = startExport(...args)
  opened.push(started)
  return started
}

/** A sample in which something of everything happened. */
function fullSample() {
  const outbound = { direction: 'outbound', opened: true, age_seconds: 0.5, connect_latency_ns: 900_000 } as const
  return sampleWith(1, NOBODY, {
    processes: [processRow({ container: CONTAINER, pod: 'a-pod' }), processRow({ pid: 43, name: 'cat' })],
    calls: [callRow(42, 900, { errors: 2, failures: [{ errno: 'EAGAIN', count: 2 }] }), callRow(43, 7)],
    connections: [
      connectionRow({ ...outbound, closed: true, state: 'CLOSE', retransmits: 3 }),
      connectionRow({ opened: true, age_seconds: 0.5, family: 'ipv6' }),
      connectionRow({
        ...outbound,
        closed: true,
        established: false,
        error: 'ECONNREFUSED',
        remote: { address: '10.0.0.1', port: 1 },
      }),
    ],
    losses: [{ tracer: 'syscalls', reason: 'no_row', count: 1 }],
    maps: [{ name: 'calls', used: 1, limit: 2 }],
    self: {
      cpu_seconds: 0.25,
      resident_bytes: 1 << 20,
      private_bytes: 1 << 20,
      map_bytes: 1 << 26,
      bpf_seconds: 0.5,
      sample_seconds: 0.01,
    },
  })
}

/** What a metric's description says its points look like. */
function shapeOf({ unit, kind, description }: MetricDescription) {
  return { unit, kind, description, temporality: kind === 'gauge' ? null : 'cumulative' }
}

function attributesOf(points: readonly Point[]): Set<string> {
  return new Set(points.flatMap(point => Object.keys(point.attributes)))
}

describe('over the wire', () => {
  test('every metric comes with the unit, the kind and all the attributes that its description says', async () => {
    const port = await freePort()
    const { exporter, is } = start(
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
      { pids: true, top: 1, spans: true },
    )
    // more spans than are sent at once
    const closed = connectionRow({ closed: true, opened: true })
    const { processes } = listsOf(fullSample())
    exporter.take(sampleWith(0, NOBODY, { processes, connections: Array.from({ length: 1200 }, () => closed) }))
    exporter.take(fullSample())
    await is('failing')
    const collector = await startCollector()
    // it takes requests of metrics without some of it, until the exporter knows
    const isKnown = (): boolean => exporter.status.lastError.startsWith('PARTIAL_SUCCESS')
    const answer = (signal: Signal): Answer => (signal === 'metrics' && !isKnown() ? { rejected: 1 } : TAKEN)
    const front = await Front.start([`127.0.0.1:${port}`], answer, collector)
    opened.push(front)
    for (const name of ['ebpf_top.span.dropped', 'ebpf_top.export.rejected']) {
      await collector.until(() => collector.latest(name).length > 0)
    }
    await collector.exports(2)

    for (const [name, description] of allMetrics()) {
      const points = collector.latest(name)
      expect(points.length, name).toBeGreaterThan(0)
      for (const point of points) expect(point, name).toMatchObject(shapeOf(description))
      const expected = [...description.attributes, ...(description.perProcess ? PROCESS_ATTRIBUTES : [])]
      const found = attributesOf(points)
      found.delete('otel.metric.overflow')
      expect(found, name).toEqual(new Set<string>(expected))
    }
    const top = collector.latest('ebpf_top.syscall.calls').find(point => 'process.pid' in point.attributes)
    expect(top?.attributes).toEqual({
      'process.executable.name': 'nginx',
      'container.id': CONTAINER,
      'k8s.pod.uid': 'a-pod',
      'process.pid': 42,
      'ebpf_top.syscall.name': 'read',
    })
    expect(new Set(collector.requests.flat().map(point => point.metric))).toEqual(new Set(allMetrics().keys()))
  })

  test('histograms have the buckets of the kernel side, and counts that are their sum', async () => {
    const collector = await startCollector()
    const { exporter } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    exporter.take(sampleWith(1, new Map([['a', 5]])))
    await collector.exports()
    expect(collector.latest('ebpf_top.syscall.duration')).toMatchObject([
      { histogram: { count: 5, scale: 3, zeroCount: 0, offset: -160, buckets: [5], max: 1.9e-6, bounds: null } },
    ])
    expect(collector.latest('ebpf_top.syscall.duration')[0]?.histogram?.sum).toBeCloseTo(5 * 1.5e-6, 12)
  })

  test('more points than one request takes come in several', async () => {
    const collector = await startCollector()
    const { exporter } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { top: 1500 })
    exporter.take(sampleWith(1, new Map(Array.from({ length: 1500 }, (_, i) => [`p${i}`, i + 1]))))
    await collector.until(() => collector.latest('ebpf_top.syscall.duration').length === 1500)
    for (const request of collector.requests) expect(request.length).toBeLessThanOrEqual(2000)
    const sum = collector.latest('ebpf_top.syscall.calls').reduce((total, { value }) => total + value, 0)
    expect(sum).toBe((1500 * 1501) / 2)
  })
})

describe('the standard variables', () => {
  test('say what the resource is; host, os and service are there without them', async () => {
    const collector = await startCollector()
    const { exporter } = start({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_SERVICE_NAME: 'my-top',
      OTEL_RESOURCE_ATTRIBUTES: 'k8s.node.name=node-7,deployment.environment.name=a%2Cb',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=seven,x-common=1',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-tenant=eight',
    })
    exporter.take(sampleWith(1, new Map([['a', 5]])))
    await collector.exports()
    expect(collector.resource).toMatchObject({
      'service.name': 'my-top',
      'service.version': expect.any(String),
      'service.instance.id': expect.any(String),
      'host.name': expect.any(String),
      'host.arch': expect.any(String),
      'os.type': 'linux',
      'os.version': expect.any(String),
      'k8s.node.name': 'node-7',
      'deployment.environment.name': 'a,b',
    })
    expect(collector.metadata('x-tenant')).toEqual(['eight'])
    expect(collector.metadata('x-common')).toEqual(['1'])
  })

  test('compress', async () => {
    const encodings: unknown[] = []
    const server = createServer().on('stream', (_, headers) => encodings.push(headers['grpc-encoding']))
    const port = await freePort()
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }
    const { exporter, is } = start({ ...environment, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' })
    exporter.take(sampleWith(1, new Map([['a', 5]])))
    // it never answers
    await is('failing')
    server.close()
    expect(new Set(encodings)).toEqual(new Set(['gzip']))
  })

  test('ask for deltas, of which the sum is exact', async () => {
    const collector = await startCollector()
    const { exporter } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    })
    for (const index of [1, 2, 3]) {
      exporter.take(sampleWith(index, new Map([['a', 5 * index]])))
      await collector.exports()
    }
    const points = collector.points('ebpf_top.syscall.calls')
    expect(points.reduce((total, { value }) => total + value, 0)).toBe(30)
    expect(points.every(({ temporality }) => temporality === 'delta')).toBe(true)
    expect(collector.latest('ebpf_top.memory.usage')).toMatchObject([{ temporality: 'cumulative', kind: 'level' }])
  })

  test('ask for explicit histograms, which have the same bounds', async () => {
    const collector = await startCollector()
    const { exporter } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram',
    })
    exporter.take(sampleWith(1, new Map([['a', 5]])))
    await collector.exports()
    const histogram = collector.latest('ebpf_top.syscall.duration')[0]?.histogram
    expect(histogram?.bounds).toHaveLength(47)
    expect(histogram?.buckets[10]).toBe(5)
    expect(histogram?.bounds?.[10]).toBe(2 ** -19)
  })

  test('switch everything off', async () => {
    const collector = await startCollector()
    const { exporter, lines } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SDK_DISABLED: 'true',
    })
    exporter.take(sampleWith(1, new Map([['a', 5]])))
    await exporter.close()
    expect(collector.requests).toEqual([])
    expect(exporter.status.text).toBe('otlp disabled')
    expect(lines).toEqual(['export is disabled by OTEL_SDK_DISABLED'])
  })
})

describe('spans', () => {
  test('come with their times, addresses and errors', async () => {
    const collector = await startCollector()
    const { exporter } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { spans: true })
    const startMs = Date.parse('2026-01-01T12:00:00.250Z')
    const endMs = startMs + 1500
    const times = { started_ns: startMs * 1e6, ended_ns: endMs * 1e6, age_seconds: 1.5 }
    const outbound = { direction: 'outbound', closed: true, ...times } as const
    const sample = sampleWith(1, NOBODY, {
      connections: [connectionRow(outbound), connectionRow({ ...outbound, established: false, error: 'ETIMEDOUT' })],
    })
    exporter.take(sample)
    await collector.until(() => collector.spans.length === 2)
    expect(collector.spans).toMatchObject([
      { name: 'tcp.connect', startMs: expect.closeTo(startMs, 2), endMs: expect.closeTo(endMs, 2), failed: false },
      { name: 'tcp.connect', failed: true, attributes: { 'error.type': 'ETIMEDOUT', 'network.peer.port': 40_000 } },
    ])
  })

  test('are sent or counted as dropped, one or the other', async () => {
    const collector = await startCollector()
    const { exporter } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { spans: true })
    const closed = connectionRow({ closed: true, opened: true })
    const connections = Array.from({ length: 1200 }, () => closed)
    // more than go at once, and some for which the kernel side had no room
    const lost = { syscalls: 0, connections: 0, bytes: 0, slow_calls: 7 }
    const sample = sampleWith(1, NOBODY, { connections, slow_calls: [slowCallRow()], lost })
    await exporter.take(sample)
    await exporter.close()
    await collector.until(() => collector.latest('ebpf_top.span.dropped').length === 2)
    const dropped = Object.fromEntries(
      collector.latest('ebpf_top.span.dropped').map(({ attributes, value }) => [attributes.reason, value]),
    )
    expect(dropped.kernel).toBe(7)
    // none comes twice: the allowance of a time without spans is all that one sample may use
    expect(collector.spans).toHaveLength(1000)
    expect(dropped.rate_limit).toBe(201)
  })

  test('that no collector took are counted', async () => {
    const port = await freePort()
    const { exporter, until, close } = start(
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
      { spans: true },
    )
    const connections = Array.from({ length: 600 }, () => connectionRow({ closed: true, opened: true }))
    await exporter.take(sampleWith(1, NOBODY, { connections }))
    await until('failing', () => exporter.status.state === 'failing')
    const collector = await startCollector(port)
    await collector.until(() => collector.latest('ebpf_top.span.dropped').length > 0)
    await collector.exports()
    await close()
    const [dropped] = collector.latest('ebpf_top.span.dropped')
    expect(dropped?.attributes).toEqual({ reason: 'export_failed' })
    expect(collector.spans.length + (dropped?.value ?? 0)).toBe(600)
  })

  test('wait for nobody when it is closed', async () => {
    const collector = await startCollector()
    const { exporter } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, { spans: true, intervalSeconds: 60 })
    exporter.take(sampleWith(1, new Map([['a', 5]]), { connections: [connectionRow({ closed: true })] }))
    await exporter.close()
    await collector.until(() => collector.spans.length === 1)
    expect(collector.latest('ebpf_top.syscall.calls')).toMatchObject([{ value: 5 }])
  })
})
