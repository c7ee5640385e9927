/**
 * What the program makes of bytes that a kernel really wrote, in all its forms, is what it was: test/golden has both.
 * `UPDATE=1` writes what it is now. `npm run golden` records new bytes.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AggregationTemporality } from '@opentelemetry/sdk-metrics'
import { afterEach, expect, it, vi } from 'vitest'
import { batchFormat } from '../../src/batch/format.ts'
import { Accumulator } from '../../src/otel/metrics/accumulate.ts'
import { Producer } from '../../src/otel/metrics/producer.ts'
import { Turns } from '../../src/otel/metrics/turns.ts'
import { connectionSpans, slowCallSpans } from '../../src/otel/spans.ts'
import { openSampler } from '../../src/sample/open.ts'
import type { FreshSample } from '../../src/sample/sample.ts'
import { registry } from '../../src/tracers/registry.ts'
import { frame } from '../../src/ui/frame.ts'
import { reduce } from '../../src/ui/state/reduce.ts'
import { initialState, type State } from '../../src/ui/state/state.ts'
import { toEnd } from '../support/generators.ts'
import { epoch, forgetMaps, load, note } from '../support/golden/objects.ts'
import { forgetSockets } from '../support/golden/others.ts'
import { begin, intervalNow, save, theTape } from '../support/golden/tape.ts'

// what is asked of the kernel, and of /proc
vi.mock('node:fs', async actual => (await import('../support/golden/files.ts')).mockFiles(await actual()))
vi.mock('node:os', async actual => ({ ...(await actual<object>()), ...MACHINE }))
vi.mock('../../src/bpf/libbpf.ts', async actual => ({ ...(await actual<object>()), ...(isRecording ? {} : LIBBPF) }))
vi.mock('../../src/bpf/object.ts', async actual => (await objects()).mockObjects(await actual()))
vi.mock('../../src/bpf/clock.ts', async actual => (await others()).mockClocks(await actual()))
vi.mock('../../src/bpf/kernel.ts', async actual => (await others()).mockKernel(await actual()))
vi.mock('../../src/bpf/tracepoint.ts', async actual => (await others()).mockTracepoints(await actual()))
vi.mock('../../src/bpf/netlink.ts', async actual => (await others()).mockNetlink(await actual()))
vi.mock('../../src/bpf/aside.ts', async actual => (await others()).mockAside(await actual()))
vi.mock('../../src/own-processes.ts', async actual => (await others()).mockOwn(await actual()))
vi.mock('../../src/asking/asker.ts', async actual => (await others()).mockAsker(await actual(), await pathOf()))
vi.mock('../../src/facts/reader.ts', async actual => (await others()).mockReader(await actual()))

const { isRecording, MACHINE, LIBBPF, objects, others } = vi.hoisted(() => ({
  objects: () => import('../support/golden/objects.ts'),
  others: () => import('../support/golden/others.ts'),
  isRecording: process.env.EBPF_TOP_GOLDEN === 'record',
  MACHINE: {
    hostname: () => 'golden',
    release: () => '6.12.0',
    cpus: () => [{ model: 'one' }, { model: 'other' }],
    totalmem: () => 2 ** 30,
  },
  LIBBPF: { loadLibbpf: () => ({ version: '1.1', takeLog: () => [], enableStats: () => -1 }) },
}))

/** Paths of the files that are open. */
async function pathOf(): Promise<(fd: number) => string | undefined> {
  const files: object = await import('node:fs')
  return 'pathOf' in files && typeof files.pathOf === 'function'
    ? (fd: number) => (files as { pathOf: (fd: number) => string | undefined }).pathOf(fd)
    : () => undefined
}

process.env.TZ = 'UTC'

const FOLDER = join(import.meta.dirname, '../golden')
const ROOT = join(import.meta.dirname, '../..')
const INTERVALS = 3
const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 50 },
  { columns: 200, rows: 60 },
]

afterEach(() => {
  vi.restoreAllMocks()
})

const RIGHTS = { text: 'as nobody, with CAP_BPF alone', notes: ['a note about rights'], keeper: null }

/** Takes so many samples. */
async function sampled(mode: string, intervalSeconds: number, take: (sample: FreshSample) => void | Promise<void>) {
  forgetMaps()
  forgetSockets()
  const settings = {
    pids: theTape().pids,
    intervalSeconds,
    iterations: INTERVALS,
    slowNs: 10e6,
    compat: mode === 'compat',
  }
  const sampler = await openSampler(settings, join(ROOT, 'dist'), async () => RIGHTS)
  try {
    note(0)
    await sampler.run({
      take,
      fail: error => {
        throw error
      },
    })
  } finally {
    sampler.close()
  }
  return sampler.host
}

/** The clocks of the tape, and what the program needs for itself as if it were always the same. */
function stopTime(): void {
  const now = (): number => theTape().clocks[Math.max(0, intervalNow())]?.monotonicNs ?? 0
  vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => BigInt(Math.round(now())))
  vi.spyOn(performance, 'now').mockImplementation(() => now() / 1e6)
  vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 12_000, system: 3_000 })
  vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(64 << 20)
}

/** It is what it was. */
function expectGolden(name: string, text: string): void {
  const file = join(FOLDER, name)
  if (process.env.UPDATE === '1') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  expect.soft(text, name).toBe(readFileSync(file, 'utf8'))
}

const ARRANGED = { sort: null, filter: '', terminal: false, ascii: false }

/** As the batch output prints it. */
function printed(output: 'json' | 'csv' | 'text', view: State['view'], sample: FreshSample): string {
  return [...batchFormat({ output, view, ...ARRANGED }).sample(sample)].join('')
}

/** The members in the order of their names, which says nothing, each written as it was. */
function byName(json: string): string {
  const members = Object.entries<unknown>(JSON.parse(json)).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${JSON.stringify(Object.fromEntries(members))}\n`
}

/** One row a line, so that a difference shows where it is. */
function byRows(json: string): string {
  return json.replaceAll(/([[{,])(?=\{")/g, '$1\n').replaceAll(/,(?="[a-z_]+":\[)/g, ',\n')
}

function screens(state: State, size: State['size'], palette: 'none' | 'colour'): string {
  const of = (shown: State): string => frame(shown, palette).join('\n')
  const views = registry.views.map(view => `==== ${view}\n${of({ ...state, size, view, focus: 'processes' })}`)
  return [...views, `==== help\n${of({ ...state, size, help: 0 })}`, ''].join('\n')
}

const HOST = { name: 'golden', kernel: '6.12.0', cpus: 2, rights: 'as nobody, with CAP_BPF alone' }

async function record(mode: string): Promise<void> {
  begin('', true)
  theTape().pids.push(
    ...(process.env.EBPF_TOP_GOLDEN_PIDS ?? '')
      .split(',')
      .filter(pid => pid !== '')
      .map(Number),
  )
  await sampled(mode, 1, () => {})
  save(join(FOLDER, `${mode}.tape`))
}

async function play(mode: string): Promise<void> {
  begin(join(FOLDER, `${mode}.tape`), false)
  stopTime()
  const startMs = (theTape().clocks[0]?.unixNs ?? 0) / 1e6
  const texts = new Map<string, string>()
  const add = (name: string, text: string): void => void texts.set(name, (texts.get(name) ?? '') + text)
  const temporalities = ['cumulative', 'delta'] as const
  const exporting = temporalities.map(name => {
    const accumulator = new Accumulator({ pids: name === 'delta', top: 10 }, startMs)
    const temporality = name === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE
    const histograms = name === 'delta' ? 'explicit' : 'exponential'
    const producer = new Producer(accumulator, new Turns(), { histograms, temporalityOf: () => temporality })
    return { name, accumulator, producer }
  })
  let latest: FreshSample | null = null
  const states: State[] = []
  const host = await sampled(mode, 0, async sample => {
    latest = sample
    add('samples.ndjson', byRows(byName(printed('json', 'overview', sample))))
    for (const view of registry.views) {
      if (view !== 'overview') add(`csv/${view}.csv`, printed('csv', view, sample))
      add(`text/${view}.txt`, printed('text', view, sample))
    }
    for (const { name, accumulator, producer } of exporting) {
      toEnd(accumulator.take(sample))
      const { resourceMetrics, errors } = await producer.collect()
      expect(errors).toEqual([])
      add(`otlp-${name}.txt`, byRows(`${JSON.stringify(resourceMetrics.scopeMetrics)}\n`))
    }
    const spans = [...connectionSpans(sample), ...slowCallSpans(sample)].map(make => JSON.stringify(make()))
    add('spans.ndjson', spans.map(span => `${span}\n`).join(''))
    screensOf(sample)
    load(epoch())
  })

  function screensOf(sample: FreshSample): void {
    const start = {
      version: '0.1.0',
      size: SIZES[0] ?? { columns: 80, rows: 24 },
      view: 'overview',
      filter: '',
    } as const
    const state =
      states.at(-1) ??
      initialState({ host: { ...HOST, means: [], notes: [] }, ...start, pids: [], interval: 1, realtime: false })
    const next = reduce(
      state,
      { type: 'sample', sample: sample.hold(), calls: sample.calls, exporter: null, at: intervalNow() * 1000 },
      { processExists: () => true },
    )
    states.push(next)
    if (states.length < INTERVALS) return
    for (const size of SIZES) add(`frames-${size.columns}x${size.rows}.txt`, screens(next, size, 'none'))
    add('frames-120x50-colour.txt', screens(next, { columns: 120, rows: 50 }, 'colour'))
  }
  add('host.txt', `${JSON.stringify(host, undefined, 1)}\n`)
  expect(latest).not.toBeNull()
  for (const [name, text] of texts) expectGolden(`${mode}/${name}`, text)
}

const recorded = process.env.EBPF_TOP_GOLDEN_MODE ?? ''
if (isRecording) it(`records ${recorded}`, () => record(recorded))
else it.each(['best', 'compat'])('what is made of recorded bytes is what it was: %s', play)
