import { describe, expect, test } from 'vitest'
import { columnsPage } from '../../scripts/reference/columns.ts'
import { type HeaderField, screenHeader, textHeader } from '../../scripts/reference/header.ts'
import { sampleSchema } from '../../scripts/reference/schema.ts'
import { batchFormat } from '../../src/batch/format.ts'
import { textHeader as textLine } from '../../src/batch/text.ts'
import type { HeldSample } from '../../src/sample/sample.ts'
import { GROUPINGS, groupTables } from '../../src/tracers/connections/groups/table.ts'
import { registry } from '../../src/tracers/registry.ts'
import { headerLines } from '../../src/ui/lines/header.ts'
import { nextMoment } from '../../src/ui/state/moment.ts'
import { initialState, type State } from '../../src/ui/state/state.ts'
import { pageText, tablesIn } from '../support/documentation.ts'
import { listenerRow, sampleOf, slowCallRow } from '../support/samples.ts'
import { closed, publishedSchema, validator } from '../support/schema.ts'

const schema = sampleSchema()
const page = pageText('docs/columns.md')
const unquoted = (text: string): string => text.replaceAll('`', '')

/** Cells of one column of the table below a heading. */
function documented(heading: string, column: string): readonly string[] {
  const table = tablesIn(page).find(one => one.heading === heading && one.heads.includes(column))
  if (table === undefined) throw new Error(`no column ${column} below ${heading}`)
  return table.rows.map(cells => unquoted(cells[table.heads.indexOf(column)] ?? ''))
}

test('the published schema of a sample is that of the code: npm run reference', () => {
  expect(publishedSchema()).toEqual(JSON.parse(JSON.stringify(schema)))
})

test('docs/columns.md says what the code says: npm run reference', () => {
  expect(page).toBe(columnsPage(schema))
})

describe('the schema', () => {
  const sample: object = JSON.parse(
    [
      ...batchFormat({
        output: 'json',
        view: 'overview',
        sort: null,
        filter: '',
        terminal: false,
        ascii: false,
      }).sample(sampleOf({ listeners: [listenerRow()], slow_calls: [slowCallRow()] })),
    ].join(''),
  )
  const isSample = validator(publishedSchema())
  const isKnown = validator(closed(publishedSchema()))

  test('takes a sample, and in its closed form too', () => {
    expect(isSample(sample) || isSample.errors).toBe(true)
    expect(isKnown(sample) || isKnown.errors).toBe(true)
  })

  test('takes a sample with fields that a newer version may have, which the closed form does not', () => {
    const newer = [
      { ...sample, timers: [] },
      { ...sample, listeners: [{ ...listenerRow(), ipv6_only: true }] },
      { ...sample, filter: { pids: [], users: [] } },
    ]
    for (const one of newer) {
      expect(isSample(one) || isSample.errors).toBe(true)
      expect(isKnown(one)).toBe(false)
    }
  })

  test('refuses a sample that lacks a field, or has null where none may be', () => {
    const { time: _, ...rest } = { time: '', ...sample }
    expect(isSample(rest)).toBe(false)
    expect(isSample({ ...sample, listeners: [{ ...listenerRow(), backlog: null }] })).toBe(false)
  })
})

describe('docs/columns.md', () => {
  test.each(registry.tables)('has the columns and csv fields of $name, in their order', ({ name, columns }) => {
    const heading = `View \`${name}\``
    const ofText = batchFormat({ output: 'csv', view: name, sort: null, filter: '', terminal: false, ascii: false })
    const emitted = ofText.header.trimEnd().split(',')
    expect([...documented('csv', 'csv field'), ...documented(heading, 'csv field')]).toEqual(emitted)
    expect(documented(heading, 'column')).toEqual(columns.map(({ title }) => title))
  })

  test('has the columns of groups', () => {
    const titles = GROUPINGS.flatMap(grouping => groupTables[grouping].columns.map(({ title }) => title))
    expect(documented('Connections in groups', 'column').toSorted()).toEqual([...new Set(titles)].toSorted())
  })

  test('has the header of text output', () => {
    const lines = [
      textLine(sampleOf()),
      textLine(sampleOf({ filter: { pids: [1, 2] }, lost: { syscalls: 3, connections: 0, bytes: 1, slow_calls: 0 } })),
    ]
    expectDocumented(lines, textHeader)
  })

  test('has the header of the screen', () => {
    expectDocumented(
      headers().flatMap(state =>
        // without the tabs
        headerLines(state).map(line =>
          line
            .map(({ text }) => text)
            .join('')
            .replace(new RegExp(`^.*\\d ${registry.tables.at(-1)?.title}`), ''),
        ),
      ),
      screenHeader,
    )
  })
})

/** What the values of header fields look like. */
const VALUES: Readonly<Record<string, string>> = {
  VERSION: String.raw`\d+\.\d+\.\d+`,
  HOST: 'box',
  RELEASE: '6[.]18[.]0',
  TARGET: 'collector:4317',
  REASON: '(?: UNAVAILABLE)?',
  STATE: String.raw`\w+`,
  NOTE: 'one namespace is left out',
  LIST: String.raw`(?:all|[\d,]+)`,
  TEXT: '(?:none|pid 7 and “nginx”)',
  TIME: String.raw`[\d:.TZ-]+[mµ]?s?`,
  KIND: '[a-z0-9, ]+',
  N: String.raw`(?:-|[\d.]+(?:[kKMG]|[nµm]?s)?)`,
}

/** Each part of the lines is a field, and each field is a part of them. */
function expectDocumented(lines: readonly string[], fields: readonly HeaderField[]): void {
  const parts = lines.flatMap(line => line.split(/ {2,}|\n/).map(part => part.trim())).filter(part => part !== '')
  const patterns = fields.map(({ shown }) => patternOf(shown))
  expect(parts.filter(part => !patterns.some(pattern => pattern.test(part)))).toEqual([])
  expect(fields.filter((_, i) => !parts.some(part => patterns[i]?.test(part)))).toEqual([])
}

function patternOf(shown: string): RegExp {
  const plain = shown
    .replace(/[.*+?()[\]{}|\\/]/g, '\\$&')
    .replace('lost N KIND', 'lost (?:none|0|0 now, N before|N KIND)')
    .replace('TARGET REASON', 'TARGETREASON')
    .replace('N CPUs', '(?:1 CPU|N CPUs)')
    .replace('late by TIME', 'late by TIME(?: R Realtime)?')
  return new RegExp(
    `^${plain.replaceAll(new RegExp(Object.keys(VALUES).join('|'), 'g'), name => VALUES[name] ?? name)}$`,
  )
}

/** Headers that show all that there can be. */
function headers(): State[] {
  const moment = (sample: HeldSample) => ({ ...nextMoment(null, sample), seconds: 3 })
  const plain: State = {
    ...initialState({
      host: { name: 'box', kernel: '6.18.0', cpus: 2, means: [], rights: '', notes: [] },
      version: '1.2.3',
      size: { columns: 600, rows: 22 },
      view: 'overview',
      filter: '',
      pids: [],
      interval: 1,
    }),
    shown: moment(sampleOf()),
  }
  const self = {
    cpu_seconds: 0.01,
    resident_bytes: 1 << 20,
    private_bytes: 1 << 20,
    map_bytes: 1 << 26,
    bpf_seconds: 0.01,
    sample_seconds: 0.001,
  }
  const busy = sampleOf({
    self,
    notes: ['one namespace is left out'],
    lost: { syscalls: 3, connections: 0, bytes: 1, slow_calls: 0 },
    sources: { syscalls: 'none', connections: 'inet_diag', bytes: 'none', in_flight: 'iter/task' },
  })
  return [
    plain,
    { ...plain, lost: 3, exporter: { state: 'otlp ok', target: 'collector:4317', reason: '' } },
    {
      ...plain,
      shown: moment(busy),
      latest: { ...moment(busy), seconds: 9 },
      pause: { samples: 6 },
      late: { seconds: 0.5, samples: 1 },
      realtime: true,
      pids: [7],
      filter: 'nginx',
      exporter: { state: 'otlp failing', target: 'collector:4317', reason: 'UNAVAILABLE' },
    },
    { ...plain, late: { seconds: 0.5, samples: 1 }, realtime: false },
  ]
}
