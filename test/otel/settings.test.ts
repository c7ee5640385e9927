import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Collector } from '../support/collector.ts'
import { freePort } from '../support/exporting.ts'
import { type Answer, Front, type Signal, TAKEN } from '../support/front.ts'
import { connectionRow } from '../support/samples.ts'
import { sampleWith } from '../unit/otel/calls.ts'
import { type Started, startExport } from './start.ts'

const cleaning: (() => unknown)[] = []

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

async function frontAt(addresses: readonly string[], ...rest: [] | [(signal: Signal, index: number) => Answer]) {
  const front = await Front.start(addresses, ...rest)
  cleaning.push(() => front.stop())
  return front
}

/** The interval is long enough for an answer on a busy machine, so that no request is made twice. */
function start(...[environment, options]: Parameters<typeof startExport>): Started {
  const started = startExport(environment, { intervalSeconds: 2, ...options })
  cleaning.push(() => started.close())
  started.exporter.take(sampleWith(1, new Map([['a', 5]])))
  return started
}

/** Where the fronts of this file listen that are asked for by their port alone. */
const port = await freePort()

describe('it arrives', () => {
  const socket = join(mkdtempSync(join(tmpdir(), 'ebpf-top-unix-')), 'o.sock')

  test.each([
    `http://localhost:${port}`,
    `HTTP://127.0.0.1:${port}/`,
    `http://[::1]:${port}`,
    `http://[127.0.0.1]:${port}`,
    `unix:${socket}`,
    `unix://${socket}`,
  ])('at %s', async endpoint => {
    const front = await frontAt([`127.0.0.1:${port}`, `[::1]:${port}`, `unix:${socket}`])
    const { is, lines } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
    await is('ok')
    expect(front.received.length).toBeGreaterThan(0)
    // nothing of the SDK's own
    expect(lines).toEqual([expect.stringMatching(/^export to /), 'export works'])
  })

  test('at --endpoint, whatever the variables say', async () => {
    const front = await frontAt([`127.0.0.1:${port}`])
    const elsewhere = 'http://127.0.0.1:1'
    const { exporter, until } = start(
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: elsewhere, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: elsewhere },
      { endpoint: `http://127.0.0.1:${port}`, spans: true },
    )
    exporter.take(sampleWith(2, new Map(), { connections: [connectionRow({ closed: true })] }))
    await until('there', () => new Set(front.received.map(({ signal }) => signal)).size === 2)
  })

  test('with every header as it was meant', async () => {
    const front = await frontAt([`127.0.0.1:${port}`])
    const { is } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'cookie=a=1;b=2,Authorization=Basic%20YWJj%2C==,x-tok-bin=YWJj,x-empty=,x-b= 2 ',
    })
    await is('ok')
    const metadata = front.received[0]?.metadata
    expect(metadata?.get('cookie')).toEqual(['a=1;b=2'])
    expect(metadata?.get('authorization')).toEqual(['Basic YWJj,=='])
    expect(metadata?.get('x-tok-bin')).toEqual([Buffer.from('abc')])
    expect(metadata?.get('x-empty')).toEqual([''])
    expect(metadata?.get('x-b')).toEqual(['2'])
  })
})

/** An HTTP proxy that says whom it connected to whom. */
async function proxyAt(port: number, answer = 200): Promise<{ asked: string[]; headers: unknown[] }> {
  const asked: string[] = []
  const headers: unknown[] = []
  const server = createServer().on('connect', (request, client) => {
    asked.push(request.url ?? '')
    headers.push(request.headers['proxy-authorization'])
    client.on('error', () => {})
    if (answer !== 200) return client.end(`HTTP/1.1 ${answer} No\r\n\r\n`)
    const { hostname, port } = new URL(`http://${request.url}`)
    const target = connect(Number(port || 80), hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.pipe(target).pipe(client)
    })
    target.on('error', () => client.destroy())
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  cleaning.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { asked, headers }
}

describe('a proxy', () => {
  test('leads there, with its password', async () => {
    const [port, proxyPort] = [await freePort(), await freePort()]
    await frontAt([`127.0.0.1:${port}`])
    const { asked, headers } = await proxyAt(proxyPort)
    const endpoint = `http://127.0.0.1:${port}`
    const { is, lines } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      https_proxy: `http://user:s3cret@127.0.0.1:${proxyPort}`,
      no_proxy: 'elsewhere.example, 10.0.0.0/8',
    })
    await is('ok')
    expect(asked).toEqual([`127.0.0.1:${port}`])
    expect(headers).toEqual([`Basic ${Buffer.from('user:s3cret').toString('base64')}`])
    expect(lines[0]).toBe(
      `export to 127.0.0.1:${port} through the proxy 127.0.0.1:${proxyPort} (https_proxy) every 2 s`,
    )
  })

  test.each(['*', ' 127.0.0.1 ', 'LOCALHOST,127.0.0.0/8'])('is not asked where no_proxy is %j', async exceptions => {
    const [port, proxyPort] = [await freePort(), await freePort()]
    await frontAt([`127.0.0.1:${port}`])
    const { asked } = await proxyAt(proxyPort)
    const { is } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      grpc_proxy: `http://127.0.0.1:${proxyPort}`,
      NO_PROXY: exceptions,
    })
    await is('ok')
    expect(asked).toEqual([])
  })

  test('is for one signal and not for the other', async () => {
    const [metrics, traces, proxyPort] = [await freePort(), await freePort(), await freePort()]
    const fronts = [await frontAt([`127.0.0.1:${metrics}`]), await frontAt([`127.0.0.1:${traces}`])]
    const { asked } = await proxyAt(proxyPort)
    const { exporter, until } = start(
      {
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://127.0.0.1:${metrics}`,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${traces}`,
        http_proxy: `http://127.0.0.1:${proxyPort}`,
        no_proxy: `127.0.0.1:${metrics}`,
      },
      { spans: true },
    )
    exporter.take(sampleWith(2, new Map(), { connections: [connectionRow({ closed: true })] }))
    await until('there', () => fronts.every(({ received }) => received.length > 1 || received[0]?.signal === 'traces'))
    expect(asked).toEqual([`127.0.0.1:${traces}`])
  })

  test.each([
    ['is not there', 0, 'connect ECONNREFUSED 127.0.0.1:'],
    ['forbids it', 403, 'status 403$'],
    ['wants a password', 407, 'status 407$'],
  ])('that %s is named, and so is the reason', async (_, answer, reason) => {
    const [port, proxyPort] = [await freePort(), await freePort()]
    await frontAt([`127.0.0.1:${port}`])
    if (answer > 0) await proxyAt(proxyPort, answer)
    const { failsWith } = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      grpc_proxy: `127.0.0.1:${proxyPort}`,
    })
    await failsWith(new RegExp(`^UNAVAILABLE: through the proxy 127.0.0.1:${proxyPort}: ${reason}`))
  })
})

describe('a partial success', () => {
  const CUMULATIVE = {}
  const DELTA = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' }

  test.each([CUMULATIVE, DELTA])('is a failure of so many points: %j', async environment => {
    const collector = await Collector.start(await freePort())
    cleaning.push(() => collector.stop())
    const port = await freePort()
    const answer = (_: Signal, index: number): Answer =>
      index === 0 ? { rejected: 3, message: 'too\u001b[2J old' } : TAKEN
    const front = await Front.start([`127.0.0.1:${port}`], answer, collector)
    cleaning.push(() => front.stop())
    const { lines, is } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ...environment })
    await is('failing')
    await is('ok')
    await collector.until(() => collector.latest('ebpf_top.export.rejected').length > 0)
    const total = (metric: string): number => collector.points(metric).reduce((sum, { value }) => sum + value, 0)
    expect(collector.latest('ebpf_top.export.rejected')).toMatchObject([{ value: 3 }])
    expect(collector.latest('ebpf_top.export.failures')).toMatchObject([
      { value: 1, attributes: { 'error.type': 'PARTIAL_SUCCESS', 'ebpf_top.signal': 'metrics' } },
    ])
    expect(lines.slice(1)).toEqual([
      'export fails: PARTIAL_SUCCESS: 3 points rejected: too?[2J old',
      'export works again',
    ])
    // those that were not rejected are not sent twice
    if (environment === DELTA) expect(total('ebpf_top.syscall.calls')).toBe(5)
  })

  test('of spans is counted among those dropped', async () => {
    const collector = await Collector.start(await freePort())
    cleaning.push(() => collector.stop())
    const port = await freePort()
    const answer = (signal: Signal): Answer => (signal === 'traces' ? { rejected: 2 ** 40 } : TAKEN)
    const front = await Front.start([`127.0.0.1:${port}`], answer, collector)
    cleaning.push(() => front.stop())
    const { exporter } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }, { spans: true })
    const connections = [connectionRow({ closed: true }), connectionRow({ closed: true })]
    exporter.take(sampleWith(2, new Map(), { connections }))
    await collector.until(() => collector.latest('ebpf_top.span.dropped').length > 0)
    // never more than there were
    expect(collector.latest('ebpf_top.span.dropped')).toMatchObject([{ value: 2, attributes: { reason: 'rejected' } }])
  })

  test('with nothing rejected is none', async () => {
    const port = await freePort()
    await frontAt([`127.0.0.1:${port}`], () => ({ rejected: 0, message: 'slow down' }))
    const { is, lines } = start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })
    await is('ok')
    expect(lines).toEqual([expect.stringMatching(/^export to/), expect.stringContaining('slow down'), 'export works'])
  })
})
