import { describe, expect, it } from 'vitest'
import { csvHeader, formatCsv as partsOf } from '../../../src/batch/csv.ts'
import { connectionRow, processRow, sampleOf, syscallRow } from '../../support/samples.ts'
import { tables } from '../../support/tables.ts'

/** All parts of it together. */
function formatCsv<Row>(...args: Parameters<typeof partsOf<Row>>): string {
  return [...partsOf(...args)].join('')
}

const all = { sort: null, filter: '' }

/** A reader of RFC 4180, of its own making: records of fields. */
function parse(text: string): string[][] {
  const records: string[][] = [[]]
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    records.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === '\n') records.push([])
  }
  return records.slice(0, -1)
}

describe('csv', () => {
  it('has the moment first and a field for every column', () => {
    const ids = tables.processes.columns.map(column => column.id)
    expect(parse(csvHeader(tables.processes))).toEqual([['time', 'interval_seconds', ...ids]])
    const [record = []] = parse(formatCsv(tables.processes, sampleOf(), all))
    expect(record).toHaveLength(ids.length + 2)
    expect(record[0]).toBe('2026-01-01T12:00:00.000Z')
  })

  it('has exact numbers, nothing for no value, and words for yes and no', () => {
    const container = '0123456789abcdef'.repeat(4)
    const connections = [
      connectionRow({ total_sent_bytes: 12_345_678_901_234, age_seconds: 1.25, closed: true, container }),
    ]
    const [names = [], values = []] = parse(
      csvHeader(tables.connections) +
        formatCsv(tables.connections, sampleOf({ connections, interval_seconds: 2 }), all),
    )
    const record = Object.fromEntries(names.map((name, i) => [name, values[i]]))
    expect(record).toMatchObject({
      interval_seconds: '2',
      total_sent_bytes: '12345678901234',
      sent_bytes: '2048',
      connect_latency_ns: '',
      age_seconds: '1.25',
      closed: 'true',
      local: '127.0.0.1:80',
      container,
    })
  })

  it.each([
    'plain',
    'with space',
    'comma,',
    '"',
    'say "hi", twice',
    'line\nfeed',
    'carriage\rreturn',
    '\t',
    '\u001b[31m',
    '',
    ' ',
    'é漢',
    '\u202egnp',
  ])('a reader gets %j back', name => {
    const column = tables.processes.columns.findIndex(c => c.id === 'name') + 2
    const text = formatCsv(tables.processes, sampleOf({ processes: [processRow({ name })] }), all)
    expect(parse(text)[0]?.[column]).toBe(name)
  })

  it('has nothing where the kernel offers no way to measure it', () => {
    const sources = { syscalls: 'tp_btf', connections: 'iter/tcp', bytes: 'none', in_flight: 'iter/task' }
    const [names = [], values = []] = parse(
      csvHeader(tables.processes) + formatCsv(tables.processes, sampleOf({ sources }), all),
    )
    const record = Object.fromEntries(names.map((name, i) => [name, values[i]]))
    expect(record).toMatchObject({ syscalls: '9', sent_bytes: '', received_bytes: '', udp_sent_bytes: '' })
  })

  it('quotes what is not plain text, an empty text to tell it from no value', () => {
    const names = ['a,b', '"', '\u0007', ''].map(name => processRow({ name }))
    const texts = names.map(row => formatCsv(tables.processes, sampleOf({ processes: [row] }), all))
    expect(texts.every(text => text.startsWith('2026-01-01T12:00:00.000Z,1,42,"'))).toBe(true)
  })

  it('has a record for every row', () => {
    const syscalls = Array.from({ length: 3000 }, (_, id) => syscallRow({ id }))
    expect(parse(formatCsv(tables.syscalls, sampleOf({ syscalls }), all))).toHaveLength(3000)
  })
})
