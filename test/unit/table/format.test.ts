import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import type { Names } from '../../../src/names/names.ts'
import type { Sources } from '../../../src/sample/sample.ts'
import {
  formatBytes,
  formatCell,
  formatEvents,
  formatNanoseconds,
  formatSeconds,
  type Reading,
} from '../../../src/table/format.ts'
import type { Column, Table } from '../../../src/table/table.ts'
import { cells, fitText, sanitize, takeLast } from '../../../src/text/text.ts'
import { groupTables } from '../../../src/tracers/connections/groups/table.ts'
import type { ConnectionRow } from '../../../src/tracers/connections/row.ts'
import { tables } from '../../support/tables.ts'
import { connectionRow, processRow, syscallRow } from '../ui/samples.ts'

describe('numbers', () => {
  it.each([
    [0, '0'],
    [0.001, '<0.01'],
    [0.02, '0.02'],
    [0.2, '0.2'],
    [1, '1'],
    [1.5, '1.5'],
    [99.97, '100'],
    [1234, '1234'],
    [9999, '9999'],
    [10_000, '10.0k'],
    [12_345, '12.3k'],
    [123_456, '123k'],
    [999_499, '999k'],
    [999_500, '1.0M'],
    [1_200_000, '1.2M'],
    [4.5e9, '4.5G'],
    [Number.NaN, '-'],
  ])('%d events are written %s', (value, text) => expect(formatEvents(value)).toBe(text))

  it.each([
    [0, '0'],
    [0.4, '0.4'],
    [1023, '1023'],
    [1024, '1.0K'],
    [1_258_291, '1.2M'],
    [1024 ** 2 - 1, '1.0M'],
    [1024 ** 3, '1.0G'],
    [1024 ** 5, '1.0P'],
  ])('%d bytes are written %s', (value, text) => expect(formatBytes(value)).toBe(text))

  it.each([
    [0, '0ns'],
    [512, '512ns'],
    [999, '999ns'],
    [1200, '1.2µs'],
    [999_600, '1.0ms'],
    [3_400_000, '3.4ms'],
    [1.2e9, '1.2s'],
    [59.94e9, '59.9s'],
    [59.96e9, '59s'],
    [192e9, '3m12s'],
    [7500e9, '2h05m'],
  ])('%d ns are written %s', (value, text) => expect(formatNanoseconds(value)).toBe(text))

  it.each([
    [0, '0s'],
    [5.9, '5s'],
    [192, '3m12s'],
    [7500, '2h05m'],
    [273_600, '3d04h'],
    [10_000_000, '115d'],
  ])('%d s are written %s', (value, text) => expect(formatSeconds(value)).toBe(text))

  it('that are not 0 are never written as 0', () => {
    for (let value = 1e-9; value < 1e15; value *= 1.37) {
      for (const write of [formatEvents, formatBytes, formatNanoseconds])
        expect(write(value)).not.toMatch(/^0(\.0+)?\D*$/)
    }
  })

  it('take at most seven cells', () => {
    for (let value = 1e-6; value < 1e18; value *= 1.09) {
      for (const write of [formatEvents, formatBytes]) expect(stringWidth(write(value))).toBeLessThanOrEqual(5)
      expect(stringWidth(formatNanoseconds(value))).toBeLessThanOrEqual(7)
    }
  })
})

const reading = (interval_seconds: number, change: Partial<Reading> = {}): Reading => ({
  interval_seconds,
  sources: { syscalls: 'tp_btf', connections: 'iter/tcp', bytes: 'tp_btf' },
  ...change,
})

describe('cells', () => {
  it('are per second where the column says so', () => {
    const [count] = tables.syscalls.columns.filter(column => column.id === 'count')
    expect(count && formatCell(count, syscallRow({ count: 3 }), reading(2))).toBe('1.5')
    expect(count && formatCell(count, syscallRow({ count: 1 }), reading(60))).toBe('0.02')
  })

  const at = <Row>(columns: readonly Column<Row>[], id: string, row: Row): string | undefined => {
    const column = columns.find(each => each.id === id)
    return column && formatCell(column, row, reading(1))
  }

  it('say - for what is not known, and nothing for a flag that is not set', () => {
    const { columns } = tables.connections
    expect(at(columns, 'pid', connectionRow({ pid: null }))).toBe('-')
    expect(at(columns, 'closed', connectionRow())).toBe('')
    expect(at(columns, 'closed', connectionRow({ closed: true }))).toBe('yes')
    expect(at(columns, 'age_seconds', connectionRow({ age_is_minimum: true }))).toBe('>1m15s')
  })

  it('show the start of a container id, as docker does', () => {
    expect(at(tables.processes.columns, 'container', processRow({ container: '0123456789abcdef'.repeat(4) }))).toBe(
      '0123456789ab',
    )
  })

  it('say - where the kernel offers no way to measure it', () => {
    const without = (kind: keyof Sources): Reading =>
      reading(1, { sources: { syscalls: 'tp_btf', connections: 'iter/tcp', bytes: 'tp_btf', [kind]: 'none' } })
    const unmeasured = (kind: keyof Sources): string[] =>
      tables.processes.columns
        .filter(
          column => formatCell(column, processRow({ container: 'c', pod: 'p', unit: 'u' }), without(kind)) === '-',
        )
        .map(column => column.id)
    expect(unmeasured('bytes')).toEqual(['sent_bytes', 'received_bytes', 'udp_sent_bytes', 'udp_received_bytes'])
    expect(unmeasured('connections')).toEqual(['connections'])
    expect(unmeasured('syscalls')).toHaveLength(7)
  })

  it('have names where they are wanted, of the end that offers a service', () => {
    const names: Names = { host: address => (address === '10.0.0.9' ? 'db\x1b[2J' : null), service: () => 'https' }
    const text = (id: string, row: ConnectionRow): string | undefined => {
      const column = tables.connections.columns.find(each => each.id === id)
      return column && formatCell(column, row, reading(1, { names }))
    }
    const ends = { local: { address: '10.0.0.9', port: 443 }, remote: { address: '10.0.0.9', port: 50_000 } }
    const inbound = connectionRow({ ...ends, direction: 'inbound' })
    const outbound = connectionRow({ ...ends, direction: 'outbound' })
    expect([text('local', inbound), text('remote', inbound)]).toEqual(['10.0.0.9:https', 'db?[2J:50000'])
    expect([text('local', outbound), text('remote', outbound)]).toEqual(['10.0.0.9:443', 'db?[2J:https'])
    expect(text('remote', connectionRow({ remote: { address: '::1', port: 5 } }))).toBe('[::1]:5')
  })

  it('of untrusted text hold no escape sequence', () => {
    expect(at(tables.processes.columns, 'name', processRow({ name: '\x1b]0;x\x07' }))).toBe('?]0;x?')
  })

  it('fit into every column that does not hold text', () => {
    const huge = { sum: 1e17, max: 1e17, p50: 1e17, p95: 1e17, p99: 1e17 }
    const widths = <Row>(columns: readonly Column<Row>[], row: Row): void => {
      for (const column of columns) {
        if (column.unit === 'text') continue
        expect(stringWidth(formatCell(column, row, reading(1))), column.id).toBeLessThanOrEqual(column.width)
      }
    }
    const bytes = 2 ** 53
    widths(tables.syscalls.columns, syscallRow({ id: 9999, count: 1e12, errors: 1e12, duration_ns: huge }))
    widths(
      tables.processes.columns,
      processRow({
        pid: 4_194_304,
        syscalls: 1e12,
        errors: 1e12,
        duration_ns: huge,
        sent_bytes: bytes,
        connections: 1e6,
      }),
    )
    widths(
      tables.connections.columns,
      connectionRow({
        pid: 4_194_304,
        sent_bytes: bytes,
        total_sent_bytes: bytes,
        rtt_ns: 1e15,
        retransmits: 2 ** 32,
        age_seconds: 99 * 86_400,
        age_is_minimum: true,
      }),
    )
  })

  it('have room for the heading and its sort mark', () => {
    const all: readonly Table<unknown>[] = [...Object.values(tables), ...Object.values(groupTables)]
    for (const { columns } of all) {
      for (const column of columns) expect(column.width, column.id).toBeGreaterThan(column.title.length)
    }
  })
})

describe('untrusted text', () => {
  it.each([
    ['plain ASCII ~', 'plain ASCII ~'],
    ['日本語 é ñ €', '日本語 é ñ €'],
    ['a\x00b\x1b[31mc\x7fd\x9be', 'a?b?[31mc?d?e'],
    ['two\nlines\ttab\r', 'two?lines?tab?'],
    ['\u202aa\u202eb\u2066c\u2069d\u200ee\u200f\u061c', '?a?b?c?d?e??'],
    ['z\u200bz\u200dz\ufeffz\u00adz\u2060', 'z?z?z?z?z?'],
    ['line\u2028paragraph\u2029', 'line?paragraph?'],
    ['lone\ud800 and \udc00', 'lone? and ?'],
    ['private\ue000 unassigned\u0378 tag\u{e0041}', 'private? unassigned? tag?'],
    ['filler\u3164 selector\ufe0f', 'filler? selector?'],
  ])('%j becomes %j', (text, harmless) => expect(sanitize(text)).toBe(harmless))

  it('of every code point takes as many cells as it is said to', () => {
    for (let point = 0; point < 0x11_0000; point += point < 0x3000 ? 1 : 257) {
      const text = sanitize(`a${String.fromCodePoint(point)}b`)
      expect(cells(fitText(text, 9, 'left'))).toBe(9)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
      expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
    }
  })
})

describe('fitting', () => {
  it.each([
    ['abc', 5, 'left', 'end', 'abc  '],
    ['abc', 5, 'right', 'end', '  abc'],
    ['abcdef', 5, 'left', 'end', 'abcd…'],
    ['abcdef', 5, 'right', 'end', 'abcd…'],
    ['abcdef', 1, 'left', 'end', '…'],
    ['abcdef', 0, 'left', 'end', ''],
    ['日本語', 5, 'left', 'end', '日本…'],
    ['日本語', 4, 'left', 'end', '日… '],
    ['日本語', 6, 'left', 'end', '日本語'],
    ['192.168.100.200:54321', 15, 'left', 'middle', '192.168…0:54321'],
    ['日本語テキスト', 7, 'left', 'middle', '日本…ト'],
  ] as const)('%s into %i cells, %s, cut at the %s', (text, width, align, cut, fitted) => {
    expect(fitText(text, width, align, cut)).toBe(fitted)
    expect(stringWidth(fitText(text, width, align, cut))).toBe(width)
  })

  it('the end of a text', () => {
    expect(takeLast('abc', 2)).toBe('bc')
    expect(takeLast('abc', 0)).toBe('')
    expect(takeLast('日本語', 5)).toBe('本語')
  })
})
