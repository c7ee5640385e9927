import { describe, expect, it } from 'vitest'
import { type BatchSettings, batchFormat } from '../../../src/batch/format.ts'
import { processRow, sampleOf } from '../../support/samples.ts'

const settings: BatchSettings = {
  output: 'text',
  view: 'overview',
  sort: null,
  filter: '',
  terminal: false,
  ascii: false,
}

/** A sample as it is printed with other settings. */
function printedOf(change: Partial<BatchSettings>, sample = sampleOf()): string {
  return [...batchFormat({ ...settings, ...change }).sample(sample)].join('')
}

describe('batchFormat', () => {
  it('prints all tables in the overview and one in a view', () => {
    const titles = (view: BatchSettings['view']) => printedOf({ view }).match(/^\w+ \(\d+\)$/gm)
    expect(titles('overview')).toEqual(['Syscalls (1)', 'Connections (1)', 'Processes (1)'])
    expect(titles('connections')).toEqual(['Connections (1)'])
    expect(titles('listeners')).toEqual(['Listeners (1)'])
  })

  it('prints the csv heading once, and syscalls for the overview', () => {
    const csv = batchFormat({ ...settings, output: 'csv' })
    expect(csv.header).toMatch(/^time,interval_seconds,syscall,/)
    expect(printedOf({ output: 'csv' })).not.toContain('syscall,')
    expect(batchFormat({ ...settings, output: 'csv', view: 'processes' }).header).toMatch(/^time,interval_seconds,pid,/)
  })

  it('notes beside csv, which has no place for it, what was lost', () => {
    const lost = { syscalls: 2, connections: 0, bytes: 0, slow_calls: 0 }
    expect(batchFormat({ ...settings, output: 'csv' }).note(sampleOf({ lost }))).toContain('2 syscalls')
    expect(batchFormat({ ...settings, output: 'csv' }).note(sampleOf())).toBe('')
    expect(batchFormat({ ...settings, output: 'json' }).note(sampleOf({ lost }))).toBe('')
  })

  describe.each(['text', 'csv', 'json'] as const)('%s', output => {
    const name = 'a\u001b[2J\u009b1m\u202eb\u200d\u00ad\u2028\u{e0041}\nc'
    const sample = sampleOf({ processes: [processRow({ name, command: name.repeat(3) })] })
    const print = (change: Partial<BatchSettings>): string =>
      printedOf({ output, view: 'processes', ...change }, sample)

    it('keeps what is not seen from a terminal, line feeds of names too', () => {
      const printed = print({ terminal: true })
      expect(printed).toMatch(/^[\P{C}\n]*$/u)
      expect(printed).not.toMatch(/\p{Default_Ignorable_Code_Point}|[\u2028\u2029]/u)
      const plain = sampleOf({ processes: [processRow({ name: 'a', command: 'b' })] })
      const lines = printedOf({ output, view: 'processes' }, plain).split('\n').length
      expect(printed.split('\n')).toHaveLength(lines)
    })

    it('is ASCII on a terminal that shows nothing else, and as it is for a program', () => {
      const processes = [processRow({ name: 'été漢👍', duration_ns: { sum: 9, max: 9000, p50: 1200, p95: 9, p99: 9 } })]
      const printed = (change: Partial<BatchSettings>): string =>
        printedOf({ output, view: 'processes', ...change }, sampleOf({ processes }))
      expect(printed({ terminal: true, ascii: true })).toMatch(/^[ -~\n]*$/)
      expect(printed({ terminal: true })).toContain('été漢👍')
      expect(printed({ ascii: true })).toBe(printed({}))
    })

    it('of json is the same to a reader', () => {
      if (output !== 'json') return
      const read = (change: Partial<BatchSettings>): unknown => JSON.parse(print(change))
      expect(read({ terminal: true, ascii: true })).toEqual(read({}))
      expect(read({ terminal: true })).toEqual(read({}))
    })
  })
})
