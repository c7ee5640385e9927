import { describe, expect, it } from 'vitest'
import { type BatchSettings, batchFormat } from '../../../src/batch/format.ts'
import { processRow, sampleOf } from '../../support/samples.ts'

const settings: BatchSettings = { output: 'text', view: 'overview', sort: null, filter: '', terminal: false }

describe('batchFormat', () => {
  it('prints all tables in the overview and one in a view', () => {
    const titles = (view: BatchSettings['view']) =>
      batchFormat({ ...settings, view })
        .sample(sampleOf())
        .match(/^\w+ \(\d+\)$/gm)
    expect(titles('overview')).toEqual(['Syscalls (1)', 'Connections (1)', 'Processes (1)'])
    expect(titles('connections')).toEqual(['Connections (1)'])
    expect(titles('listeners')).toEqual(['Listeners (1)'])
  })

  it('prints the csv heading once, and syscalls for the overview', () => {
    const csv = batchFormat({ ...settings, output: 'csv' })
    expect(csv.header).toMatch(/^time,interval_seconds,syscall,/)
    expect(csv.sample(sampleOf())).not.toContain('syscall,')
    expect(batchFormat({ ...settings, output: 'csv', view: 'processes' }).header).toMatch(/^time,interval_seconds,pid,/)
  })

  it('notes beside csv, which has no place for it, what was lost', () => {
    const lost = { syscalls: 2, connections: 0, bytes: 0, slow_calls: 0 }
    expect(batchFormat({ ...settings, output: 'csv' }).note(sampleOf({ lost }))).toContain('2 syscalls')
    expect(batchFormat({ ...settings, output: 'csv' }).note(sampleOf())).toBe('')
    expect(batchFormat({ ...settings, output: 'json' }).note(sampleOf({ lost }))).toBe('')
  })

  it('keeps control characters of names from a terminal, and exact elsewhere', () => {
    const sample = sampleOf({ processes: [processRow({ name: '\u001b[2J' })] })
    const csv: BatchSettings = { ...settings, output: 'csv', view: 'processes' }
    expect(batchFormat({ ...csv, terminal: true }).sample(sample)).not.toContain('\u001b')
    expect(batchFormat(csv).sample(sample)).toContain('\u001b')
  })
})
