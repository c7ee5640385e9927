import { createServer, type Server, type Socket } from 'node:net'
import { queryObjects } from 'node:v8'
import { Client, Server as GrpcServer, ServerCredentials, status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { HistogramSeries, SeriesGroup } from '../../src/otel/metrics/series.ts'
import { Collector } from '../support/collector.ts'
import { freePort } from '../support/exporting.ts'
import { sampleWith } from '../unit/otel/calls.ts'
import { type Started, startExport } from './start.ts'

const cleaning: (() => unknown)[] = []

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

function start(port: number, environment: Readonly<Record<string, string>> = {}): Started {
  const started = startExport({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ...environment })
  started.exporter.take(sampleWith(1, new Map([['a', 5]])))
  return started
}

async function collectorAt(port: number): Promise<Collector> {
  const collector = await Collector.start(port)
  cleaning.push(() => collector.stop())
  return collector
}

/** Takes connections and never says a word. */
async function hangingServer(port: number): Promise<Server> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => sockets.add(socket.on('error', () => {})))
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  cleaning.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return server
}

/** Answers every export of metrics with this status, after so many milliseconds. */
async function answeringServer(
  port: number,
  code: status,
  delayMs = 0,
  details = 'made on purpose',
): Promise<GrpcServer> {
  const server = new GrpcServer()
  const asIs = (value: Buffer): Buffer => value
  server.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      export: (_: unknown, callback: (error: object | null, answer?: Buffer) => void) => {
        setTimeout(() => callback(code === status.OK ? null : { code, details }, Buffer.alloc(0)), delayMs)
      },
    },
  )
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), error =>
      error ? reject(error) : resolve(),
    )
  })
  cleaning.push(() => server.forceShutdown())
  return server
}

describe('a collector that', () => {
  test('is absent: the state says so, and all totals arrive when it comes', async () => {
    const port = await freePort()
    const { exporter, is, close, lines } = start(port)
    await is('failing')
    expect(exporter.status.text).toMatch(/^otlp failing UNAVAILABLE: connect ECONNREFUSED/)
    for (let index = 2; index < 12; index++) exporter.take(sampleWith(index, new Map([['a', 5]])))
    const collector = await collectorAt(port)
    await collector.exports()
    await is('ok')
    expect(collector.latest('ebpf_top.syscall.calls')).toMatchObject([{ value: 55 }])
    expect(collector.latest('ebpf_top.export.failures')).toMatchObject([
      { attributes: { 'error.type': 'UNAVAILABLE', 'ebpf_top.signal': 'metrics' } },
    ])
    await close()
    expect(lines.slice(1)).toEqual([expect.stringMatching(/^export fails: UNAVAILABLE/), 'export works again'])
  })

  test('is absent for long is found soon after it came', async () => {
    const port = await freePort()
    const { is, close } = start(port)
    await is('failing')
    // gRPC alone would by now wait for longer than this test
    await new Promise(resolve => setTimeout(resolve, 15_000))
    const collector = await collectorAt(port)
    await collector.exports()
    await is('ok')
    await close()
  })

  test('restarts loses nothing', async () => {
    const port = await freePort()
    const first = await Collector.start(port)
    const { exporter, is, close } = start(port)
    await first.exports()
    await is('ok')
    await first.stop()
    exporter.take(sampleWith(2, new Map([['a', 7]])))
    await is('failing')
    exporter.take(sampleWith(3, new Map([['a', 1]])))
    const second = await collectorAt(port)
    await second.exports()
    expect(second.latest('ebpf_top.syscall.calls')).toMatchObject([{ value: 13 }])
    await is('ok')
    await close()
  })

  test('restarts loses no delta', async () => {
    const port = await freePort()
    const first = await Collector.start(port)
    const { exporter, is, close } = start(port, { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' })
    await first.exports()
    await is('ok')
    await first.stop()
    exporter.take(sampleWith(2, new Map([['a', 7]])))
    await is('failing')
    exporter.take(sampleWith(3, new Map([['a', 1]])))
    const second = await collectorAt(port)
    await second.exports()
    expect(second.points('ebpf_top.syscall.calls').reduce((sum, { value }) => sum + value, 0)).toBe(8)
    await close()
  })

  test('hangs: the request ends, and so does the program', async () => {
    const port = await freePort()
    await hangingServer(port)
    const { close, failsWith } = start(port)
    await failsWith(/^(DEADLINE_EXCEEDED|UNAVAILABLE)/)
    await close()
  })

  test('hangs from the first request on does not hold up the end', async () => {
    const port = await freePort()
    await hangingServer(port)
    const started = startExport({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }, { intervalSeconds: 60 })
    started.exporter.take(sampleWith(1, new Map([['a', 5]])))
    await started.close()
    expect(started.lines.at(-1)).toBe('the last measurements did not arrive')
  })

  test.each([
    ['RESOURCE_EXHAUSTED', status.RESOURCE_EXHAUSTED],
    ['PERMISSION_DENIED', status.PERMISSION_DENIED],
    ['UNIMPLEMENTED', status.UNIMPLEMENTED],
  ])('refuses with %s', async (name, code) => {
    const port = await freePort()
    await answeringServer(port, code)
    const { close, failsWith } = start(port)
    await failsWith(new RegExp(`^${name}: made on purpose$`))
    await close()
  })

  test('writes to the terminal: not a byte of it gets there, and no endless line', async () => {
    const port = await freePort()
    const hostile = `\u001b]0;TITLE\u0007\u001b[2J\r\u009b31mall is well\u202e${'A'.repeat(6000)}`
    await answeringServer(port, status.INTERNAL, 0, hostile)
    const { close, exporter, lines, failsWith } = start(port)
    await failsWith(/all is well/)
    await close()
    for (const line of [...lines, exporter.status.text]) {
      expect(line).not.toMatch(/\p{C}/u)
      expect(line.length).toBeLessThan(350)
    }
  })

  test('is slow, but not too slow', async () => {
    const port = await freePort()
    await answeringServer(port, status.OK, 100)
    const { is, close } = start(port)
    await is('ok')
    await close()
  })

  test('is too slow is given up on in time', async () => {
    const port = await freePort()
    await answeringServer(port, status.OK, 60_000)
    const { close, failsWith } = start(port, { OTEL_EXPORTER_OTLP_TIMEOUT: '100' })
    await failsWith(/^DEADLINE_EXCEEDED/)
    await close()
  })

  test('speaks no TLS where TLS is asked for', async () => {
    const port = await freePort()
    await collectorAt(port)
    const { close, failsWith } = start(port, { OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${port}` })
    await failsWith(/^(UNAVAILABLE|DEADLINE_EXCEEDED)/)
    await close()
  })
})

/** How many groups of series, histograms and gRPC clients there are in this process, after all garbage was collected. */
function alive(): number[] {
  return [SeriesGroup, HistogramSeries, Client].map(kind => Number(queryObjects(kind, { format: 'count' })))
}

/** Ways in which a collector fails, at a port that was free. */
const FAILURES: Readonly<Record<string, (port: number) => Promise<unknown>>> = {
  'is absent': async () => {},
  hangs: hangingServer,
  'refuses with RESOURCE_EXHAUSTED': port => answeringServer(port, status.RESOURCE_EXHAUSTED),
  'is too slow': port => answeringServer(port, status.OK, 60_000),
}

describe.each(Object.entries(FAILURES))('while it %s', (_, fail) => {
  test('samples are taken, and none waits for an answer', async () => {
    const port = await freePort()
    await fail(port)
    const { exporter, close } = startExport(
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
      { intervalSeconds: 3600 },
    )
    await exporter.take(sampleWith(1, new Map([['a', 5]])))
    // under way from here on: an hour is left until it is given up
    const closing = close()
    for (let index = 2; index < 100; index++) await exporter.take(sampleWith(index, new Map([['a', 5]])))
    await closing
  })

  test('the number of objects that are kept does not grow', async () => {
    const port = await freePort()
    await fail(port)
    const top = 5
    const before = alive()
    const { exporter, close, until } = startExport(
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_TIMEOUT: '20' },
      { intervalSeconds: 0.05, top },
    )
    let index = 0
    while (exporter.status.failures < 20) {
      const names = Array.from({ length: 100 }, (_, n) => [`p${index}-${n}`, 3 + n] as const)
      await exporter.take(sampleWith(++index, new Map(names)))
      const { failures } = exporter.status
      if (index % 3 === 0) await until('failing once more', () => exporter.status.failures > failures)
    }
    const { failures } = exporter.status
    // by then what waited for an export is decided
    await until('failing twice more', () => exporter.status.failures > failures + 1)
    const [groups = 0, histograms = 0, clients = 0] = alive().map((count, i) => count - (before[i] ?? 0))
    await close()
    expect(index).toBeGreaterThanOrEqual(19)
    // those in the top, as many that stand still, the shared one, that of the levels of the machine, and that of ebpf-top
    expect(groups).toBeLessThanOrEqual(2 * top + 3)
    // one of each of them
    expect(histograms).toBeLessThanOrEqual(2 * top + 2)
    // the one that is asked for its settings, the one in use, and one that is being closed
    expect(clients).toBeLessThanOrEqual(3)
  })
})

describe('while it fails', () => {
  test('nothing is printed', async () => {
    const port = await freePort()
    const printed = [
      vi.spyOn(process.stdout, 'write'),
      vi.spyOn(process.stderr, 'write'),
      ...(['log', 'info', 'warn', 'error', 'debug'] as const).map(name => vi.spyOn(console, name)),
    ]
    cleaning.push(() => {
      for (const spy of printed) spy.mockRestore()
    })
    const { exporter, is, close, lines } = start(port, { OTEL_EXPORTER_OTLP_TIMEOUT: '50' })
    await is('failing')
    await exporter.take(sampleWith(2, new Map([['a', 3]])))
    process.emitWarning('a warning of a library')
    await new Promise(resolve => setTimeout(resolve, 600))
    await close()
    for (const spy of printed) expect(spy).not.toHaveBeenCalled()
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^export fails/),
      expect.stringContaining('a warning of a library'),
      'the last measurements did not arrive',
    ])
  })
})
