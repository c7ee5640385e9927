import { AggregationTemporality } from '@opentelemetry/sdk-metrics'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batchFormat } from '../../../src/batch/format.ts'
import { loadLibbpf } from '../../../src/bpf/libbpf.ts'
import { helpText } from '../../../src/cli/help.ts'
import { diagnose } from '../../../src/doctor/rows.ts'
import { Accumulator } from '../../../src/otel/metrics/accumulate.ts'
import { allMetrics } from '../../../src/otel/metrics/metrics.ts'
import { Producer } from '../../../src/otel/metrics/producer.ts'
import { Turns } from '../../../src/otel/metrics/turns.ts'
import { nameOf, needOf } from '../../../src/plan/need.ts'
import { decide, meansOf, type Verdict } from '../../../src/plan/plan.ts'
import type { Table } from '../../../src/table/table.ts'
import type { TracerMetrics } from '../../../src/tracers/metrics.ts'
import { Opener } from '../../../src/tracers/opening/opener.ts'
import { builtIn, Registry, registry } from '../../../src/tracers/registry.ts'
import { RAW } from '../../../src/tracers/syscalls/ways.ts'
import { emptyText } from '../../../src/ui/lines/empty.ts'
import { headerLines } from '../../../src/ui/lines/header.ts'
import { helpLines } from '../../../src/ui/lines/help.ts'
import type { Line } from '../../../src/ui/lines/style.ts'
import { actionOf } from '../../../src/ui/state/keys.ts'
import { reduce } from '../../../src/ui/state/reduce.ts'
import { initialState, type State } from '../../../src/ui/state/state.ts'
import { factsOf } from '../../support/doctor.ts'
import { hostOf, sampleOf } from '../../support/samples.ts'

interface Lock {
  readonly holder: string
  readonly waited_ns: number
}

const lockTable: Table<Lock> = {
  name: 'locks',
  title: 'Locks',
  shortTitle: 'Locks',
  list: 'file_locks',
  meaning: 'All locks that somebody waited for.',
  rowType: 'Lock',
  description: 'locks of files',
  noun: { one: 'lock', many: 'locks' },
  sources: ['locks'],
  defaultSort: 'waited_ns',
  columns: [
    { id: 'holder', title: 'HOLDER', kind: 'text', unit: 'text', value: row => row.holder, width: 12, priority: 0 },
    {
      id: 'waited_ns',
      title: 'WAITED',
      kind: 'duration',
      unit: 'nanoseconds',
      value: row => row.waited_ns,
      width: 8,
      priority: 0,
    },
  ],
  key: row => row.holder,
}

const lockMetrics = (): TracerMetrics => ({
  descriptions: {
    'ebpf_top.lock.waits': {
      kind: 'counter',
      unit: '{wait}',
      perProcess: true,
      attributes: ['lock.holder'],
      description: 'Waits for locks.',
    },
  },
  *take({ tables }, meterOf) {
    yield
    for (const { holder } of tables.of(lockTable)) {
      meterOf({ pid: null, process_started_ns: null }).add('ebpf_top.lock.waits', 1, holder, key => ({
        'lock.holder': key,
      }))
    }
  },
})

const REFUSED: Verdict = { works: false, reason: 'no iterator' }

const lockNeed = needOf('locks', 'who waits for locks', [
  { source: 'iter', objects: ['locks'], beside: RAW, compat: false, requires: 'an iterator over locks' },
  { source: '/proc/locks', objects: [], compat: true, requires: 'procfs' },
])

beforeEach(() => registry.add({ table: lockTable, needs: [lockNeed], metrics: lockMetrics }))
afterEach(() => registry.remove(lockTable.name))

const sample = (sources: string) => {
  const made = sampleOf()
  made.tables.with(lockTable, [
    { holder: 'backup', waited_ns: 1000 },
    { holder: 'nginx', waited_ns: 5000 },
  ])
  return { ...made, sources: { ...made.sources, locks: sources } }
}

const batch = (output: 'text' | 'csv' | 'json', view = 'locks', sort: string | null = null): string => {
  const format = batchFormat({ output, view, sort, filter: '', terminal: false, ascii: false })
  return format.header + [...format.sample(sample('iter'))].join('')
}

function stateOf(view: string, sources = 'iter', rows = true): State {
  const initial = initialState({
    host: hostOf(),
    version: '1',
    size: { columns: 160, rows: 60 },
    view,
    filter: '',
    pids: [],
    interval: 1,
  })
  const shown = sample(sources)
  if (!rows) shown.tables.with(lockTable, [])
  return reduce(
    initial,
    { type: 'sample', sample: shown, calls: [], exporter: null, at: 0 },
    { processExists: () => true },
  )
}

const textOf = (lines: readonly Line[]): string => lines.map(line => line.map(({ text }) => text).join('')).join('\n')

describe('a table that is registered has', () => {
  const place = builtIn.length + 2

  test('its tab and its key, which opens it', () => {
    const state = stateOf('overview')
    expect(textOf(headerLines(state))).toContain(`${place} Locks`)
    expect(actionOf(String(place), state)).toEqual({ view: 'locks' })
    const pressed = reduce(
      state,
      { type: 'key', key: String(place), at: 0 },
      {
        processExists: () => true,
      },
    )
    expect(pressed.view).toBe('locks')
  })

  test('its line in the help of the screen, and in that of the command line', () => {
    expect(textOf(helpLines(stateOf('overview'), 0))).toMatch(new RegExp(`${place} +locks of files`))
    expect(helpText()).toContain('|locks')
  })

  test('its list in json, and its columns in csv and text, sorted and filtered like all others', () => {
    expect(JSON.parse(batch('json'))).toMatchObject({ file_locks: [{ holder: 'nginx' }, { holder: 'backup' }] })
    expect(batch('csv').split('\n').slice(0, 2)).toEqual([
      'time,interval_seconds,holder,waited_ns',
      '2026-01-01T12:00:00.000Z,1,nginx,5000',
    ])
    expect(batch('text', 'locks', 'holder')).toMatch(/Locks \(2\)\nHOLDER +WAITED\nbackup +1\.0µs\nnginx +5\.0µs\n/)
  })

  test('its metrics, described and counted', async () => {
    expect(allMetrics().get('ebpf_top.lock.waits')).toMatchObject({ kind: 'counter', unit: '{wait}' })
    const accumulator = new Accumulator({ pids: false, top: 10 }, Date.parse('2026-01-01T11:59:59Z'))
    for (const _ of accumulator.take(sample('iter')));
    const producer = new Producer(accumulator, new Turns(), {
      histograms: 'exponential',
      temporalityOf: () => AggregationTemporality.CUMULATIVE,
    })
    const { resourceMetrics } = await producer.collect()
    const found = resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === 'ebpf_top.lock.waits')
    expect(found?.dataPoints.map(({ attributes, value }) => [attributes['lock.holder'], value])).toEqual([
      ['backup', 1],
      ['nginx', 1],
    ])
  })

  test('its rows in what the doctor says, and in the ways of the help', () => {
    const verdicts = new Map<string, Verdict>(
      registry.needs
        .flatMap(({ ways }) => ways)
        .map(way => [nameOf(way), way.source === 'iter' ? REFUSED : { works: true }]),
    )
    const plan = decide(registry.needs, verdicts, { compatOnly: false })
    expect(meansOf(plan).at(-1)).toEqual({ need: 'locks', source: '/proc/locks', why: 'no iterator' })
    const { rows } = diagnose(factsOf({ plan, verdicts }))
    expect(rows.filter(({ topic }) => topic.includes('locks'))).toMatchObject([
      { topic: 'who waits for locks', state: 'partly', detail: 'by /proc/locks' },
      { topic: 'locks by iter', state: 'no', detail: 'no iterator (needs an iterator over locks)' },
    ])
    expect(helpText()).toMatch(/who waits for locks +iter, \/proc\/locks/)
  })

  test('a reason why it is empty', () => {
    expect(emptyText(stateOf('locks', 'iter', false), 'locks')).toBe('no locks in this interval')
    expect(emptyText(stateOf('locks', 'none', false), 'locks')).toMatch(/^locks cannot be seen on this machine/)
  })
})

test('a table whose tracer cannot be opened is none, and says why', async () => {
  const refuse = (): never => {
    throw new Error('no memory\nat all')
  }
  const opener = new Opener(loadLibbpf(), { folder: '', btf: null, rooms: {} })
  const opened = {
    ...{ plan: decide([], new Map(), { compatOnly: true }), opener, isOwn: () => false, self: null, pids: () => [] },
    ...{ btf: null, owner: null, maps: [], onClose() {} },
  }
  const [tracer, ...others] = await new Registry([{ table: lockTable, open: refuse }]).open(opened)
  expect(others).toEqual([])
  expect(tracer).toMatchObject({ name: 'file_locks', source: 'none (no memory)' })
  expect(tracer?.notes?.()).toEqual(['locks cannot be seen: no memory'])
})

test('names are taken once', () => {
  expect(() => new Registry([...builtIn, { table: lockTable }, { table: lockTable }])).toThrow(
    'there is a view locks already',
  )
  expect(() => new Registry([{ table: { ...lockTable, name: 'overview' } }])).toThrow(
    'there is a view overview already',
  )
  expect(() => new Registry([...builtIn, { table: { ...lockTable, list: 'processes' } }])).toThrow(
    'there is a list processes',
  )
})
