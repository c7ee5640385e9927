import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Collector, type Point, seriesOf } from '../../support/collector.ts'
import { freePort, Service } from '../../support/exporting.ts'
import { Workload } from '../../support/workload.ts'

const CALLS = 'ebpf_top.syscall.calls'
const cleaning: (() => unknown)[] = []

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

async function startCollector(): Promise<Collector> {
  const collector = await Collector.start(await freePort())
  cleaning.push(() => collector.stop())
  return collector
}

/** Starts the program and waits until it measures, so that whatever comes then is counted. */
async function startService(collector: Collector, ...args: readonly (string | number)[]): Promise<Service> {
  const service = new Service({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, ...args)
  cleaning.push(() => service.signal('SIGKILL'))
  await collector.exports()
  return service
}

function sum(points: readonly Point[]): number {
  return points.reduce((total, { value }) => total + value, 0)
}

function ofCall(points: readonly Point[], name: string): Point[] {
  return points.filter(point => point.attributes['ebpf_top.syscall.name'] === name)
}

/** No counter may ever fall while its series goes on. */
function expectNoFall(collector: Collector): void {
  const before = new Map<string, Point>()
  for (const point of collector.requests.flat()) {
    if (point.kind !== 'counter' && point.kind !== 'histogram') continue
    const series = seriesOf(point)
    const earlier = before.get(series)
    if (earlier?.startMs === point.startMs) expect(point.value, series).toBeGreaterThanOrEqual(earlier.value)
    before.set(series, point)
  }
}

describe('totals are those of the kernel', () => {
  test('of calls, errors and durations of one process, up to the very end', async () => {
    const collector = await startCollector()
    const workload = await Workload.start('calls', 3, 10_007, 211, 0, 0)
    const service = await startService(collector)
    await workload.work()
    // what happened last is in no export yet
    expect(await service.stop()).toBe(0)
    await workload.end()
    const mine = (metric: string) =>
      collector.latest(metric).filter(point => point.attributes['process.executable.name'] === 'calls')
    // on a busy machine the last request is read here after the service ended
    await collector.until(() => sum(ofCall(mine(CALLS), 'getppid')) >= 3 * 10_007, 'the last calls')
    expect(ofCall(mine(CALLS), 'getppid')).toMatchObject([{ value: 3 * 10_007 }])
    expect(ofCall(mine('ebpf_top.syscall.duration'), 'getppid')).toMatchObject([{ value: 3 * 10_007 }])
    const failed = ofCall(mine('ebpf_top.syscall.errors'), 'close')
    expect(failed).toMatchObject([{ value: 3 * 211, attributes: { 'error.type': 'EBADF' } }])
    for (const { histogram } of collector.latest('ebpf_top.syscall.duration')) {
      expect(histogram?.buckets.reduce((total, count) => total + count, 0)).toBe(histogram?.count)
    }
    expectNoFall(collector)
  })

  test('of processes that each live for a moment, through overflow', async () => {
    const collector = await startCollector()
    const [processes, calls] = [40, 101]
    const service = await startService(collector, '--export-pids', '--export-top', 5)
    for (let i = 0; i < processes; i++) {
      // a call that no kernel has and nobody else makes
      const workload = await Workload.start('calls', 1, 0, 0, 0, calls)
      await workload.work()
      await workload.end()
    }
    const counted = (): Point[] => ofCall(collector.latest(CALLS), 'unknown')
    await collector.until(() => sum(counted()) >= processes * calls, 'all calls')
    expect(await service.stop()).toBe(0)
    const points = counted()
    expect(sum(points)).toBe(processes * calls)
    expect(points.filter(point => point.attributes['otel.metric.overflow'] === true)).toHaveLength(1)
    // the top, as many that stand still, and the shared one
    const last = collector.requests.at(-1) ?? []
    const pids = new Set(last.flatMap(({ attributes }) => attributes['process.pid'] ?? []))
    expect(pids.size).toBeLessThanOrEqual(10)
    expectNoFall(collector)
  })

  test('of bytes and connections, of both ends', async () => {
    const collector = await startCollector()
    const [up, down, count] = [10_007, 503, 50]
    const workload = await Workload.start('tcp', 'ipv4', up, down, count)
    const service = await startService(collector, '--export-pids', '--export-spans')
    const [server = 0, client = 0, serverPort = 0] = await workload.work()
    await workload.step('closed')
    expect(await service.stop()).toBe(0)
    await workload.end()
    const of = (metric: string, pid: number) =>
      collector.latest(metric).filter(point => point.attributes['process.pid'] === pid)
    await collector.until(() => sum(of('ebpf_top.tcp.connection.closed', client)) >= count, 'the last connections')
    for (const [pid, sent, received, how] of [
      [client, up, down, 'opened'],
      [server, down, up, 'accepted'],
    ] as const) {
      const bytes = of('process.network.io', pid).filter(point => point.attributes['network.transport'] === 'tcp')
      expect(sum(bytes.filter(point => point.attributes['network.io.direction'] === 'transmit'))).toBe(count * sent)
      expect(sum(bytes.filter(point => point.attributes['network.io.direction'] === 'receive'))).toBe(count * received)
      expect(sum(of(`ebpf_top.tcp.connection.${how}`, pid))).toBe(count)
      expect(sum(of('ebpf_top.tcp.connection.closed', pid))).toBe(count)
    }
    expect(sum(of('ebpf_top.tcp.connect.duration', client))).toBe(count)
    const spans = collector.spans.filter(
      span =>
        span.attributes['network.peer.port'] === serverPort || span.attributes['network.local.port'] === serverPort,
    )
    expect(spans.filter(span => span.name === 'tcp.connect')).toHaveLength(count)
    expect(spans.filter(span => span.name === 'tcp.accept')).toHaveLength(count)
    for (const { name, attributes } of spans) {
      const [sent, received] = name === 'tcp.connect' ? [up, down] : [down, up]
      expect(attributes).toMatchObject({ 'ebpf_top.tcp.sent_bytes': sent, 'ebpf_top.tcp.received_bytes': received })
    }
  })
})

describe('spans of slow system calls', () => {
  test('are as many as there were, at their true times', async () => {
    const collector = await startCollector()
    const [count, milliseconds] = [20, 25]
    const workload = await Workload.start('sleeper', count, milliseconds * 1000)
    const service = await startService(collector, '--pid', workload.pid, '--export-spans', '--slow', '20ms')
    const began = Date.now()
    await workload.work()
    const ended = Date.now()
    expect(await service.stop()).toBe(0)
    await workload.end()
    const spans = collector.spans.filter(span => span.attributes['syscall.name'] === 'clock_nanosleep')
    expect(spans).toHaveLength(count)
    for (const { name, startMs, endMs, attributes } of spans) {
      expect(name).toBe('syscall')
      expect(attributes).toMatchObject({
        'process.pid': workload.pid,
        'process.tid': workload.pid,
        'syscall.return': 0,
      })
      expect(attributes['syscall.duration_ms']).toBeGreaterThanOrEqual(milliseconds)
      expect(endMs - startMs).toBeCloseTo(Number(attributes['syscall.duration_ms']), 2)
      // clocks are compared that tick in milliseconds
      expect(startMs).toBeGreaterThan(began - 5)
      expect(endMs).toBeLessThan(ended + 5)
    }
    const starts = spans.map(span => span.startMs)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  })
})

/** A service in namespaces of its own, whose name server takes questions and never answers. */
class Nameless extends Service {
  protected override start(words: readonly string[], environment: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(join(tmpdir(), 'nameless-'))
    cleaning.push(() => rmSync(folder, { recursive: true }))
    // longer than any test waits
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n')
    writeFileSync(join(folder, 'silent.cjs'), `require('node:dgram').createSocket('udp4').bind(53, '127.0.0.1')`)
    const script = `
      mount --bind ${folder}/resolv.conf /etc/resolv.conf
      ip link set lo up
      "$1" ${folder}/silent.cjs </dev/null >/dev/null 2>&1 & echo $! >${folder}/pid
      exec "$@"
    `
    cleaning.push(() => process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8'))))
    return super.start(['unshare', '--mount', '--net', 'sh', '-c', script, 'sh', ...words], environment)
  }
}

describe('the service', () => {
  test('says what changes in one line each, prints no data, and takes SIGHUP for nothing', async () => {
    const port = await freePort()
    const service = new Service({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })
    cleaning.push(() => service.signal('SIGKILL'))
    await service.says('export fails')
    service.signal('SIGHUP')
    const collector = await Collector.start(port)
    cleaning.push(() => collector.stop())
    await service.says('export works again')
    await collector.exports(2)
    expect(await service.stop()).toBe(0)
    expect(service.stdout).toBe('')
    expect(service.lines).toEqual([
      `ebpf-top: export to 127.0.0.1:${port} every 0.5 s`,
      expect.stringMatching(/^ebpf-top: export fails: UNAVAILABLE/),
      'ebpf-top: export works again',
    ])
  })

  test('ends when it is told to, with a collector that hangs', async () => {
    const port = await freePort()
    const sockets: Socket[] = []
    const server = createServer(socket => sockets.push(socket.on('error', () => {})))
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    cleaning.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const service = new Service({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })
    cleaning.push(() => service.signal('SIGKILL'))
    await service.says('export fails')
    expect(await service.stop()).toBe(0)
  })

  test('ends when it is told to, with a name server that hangs', async () => {
    const service = new Nameless({}, '--endpoint', 'http://collector.example:4317')
    cleaning.push(() => service.signal('SIGKILL'))
    await service.says('waiting for name resolution')
    expect(await service.stop()).toBe(0)
  })

  test('ends when it is told to, with no collector at all', async () => {
    const service = new Service({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` })
    cleaning.push(() => service.signal('SIGKILL'))
    await service.says('export fails')
    expect(await service.stop()).toBe(0)
  })

  test('says that a pid filter is on', async () => {
    const collector = await startCollector()
    const workload = await Workload.start('calls', 1, 503, 0, 0, 0)
    const service = await startService(collector, '--pid', workload.pid)
    await workload.work()
    expect(await service.stop()).toBe(0)
    await workload.end()
    expect(collector.latest('ebpf_top.filter.active')).toMatchObject([{ value: 1 }])
    expect(ofCall(collector.latest(CALLS), 'getppid')).toMatchObject([{ value: 503 }])
    const names = new Set(collector.latest(CALLS).map(point => point.attributes['process.executable.name']))
    expect([...names]).toEqual(['calls'])
    expect(service.lines).toContain('ebpf-top: the pid filter limits the export to some processes')
  })

  test('does not start with an unusable setting', async () => {
    const service = new Service({ OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://nowhere' })
    expect(await service.ended()).toBe(2)
    expect(service.lines).toHaveLength(2)
    expect(service.lines[0]).toContain('OTEL_EXPORTER_OTLP_ENDPOINT')
  })
})
