import { describe, expect, it } from 'vitest'
import { formatTable, textHeader } from '../../../src/batch/text.ts'
import { processRow, sampleOf, syscallRow } from '../../support/samples.ts'
import { tables } from '../../support/tables.ts'

const all = { sort: null, filter: '' }

describe('text', () => {
  it('says in one line what the sample is', () => {
    expect(textHeader(sampleOf())).toBe('2026-01-01T12:00:00.000Z  interval 1.000s  pids all  lost none\n')
    expect(
      textHeader(
        sampleOf({ filter: { pids: [1, 42] }, lost: { syscalls: 3, connections: 0, bytes: 1, slow_calls: 0 } }),
      ),
    ).toContain('pids 1,42  lost 3 syscalls, 1 bytes')
  })

  it('has every column and row, aligned', () => {
    const syscalls = [
      syscallRow({ syscall: 'a_long_name_of_a_syscall', count: 123_456 }),
      syscallRow({ syscall: 'read', id: 1 }),
    ]
    const [title, headings = '', ...rows] = formatTable(tables.syscalls, sampleOf({ syscalls }), all)
      .trimEnd()
      .split('\n')
    expect(title).toBe('Syscalls (2)')
    for (const column of tables.syscalls.columns) expect(headings).toContain(column.title)
    expect(rows).toHaveLength(2)
    // numbers end where their heading ends
    const end = headings.indexOf('CALLS/s') + 'CALLS/s'.length
    for (const row of rows) expect(row.slice(end - 1, end + 1)).toMatch(/^\S( |$)/)
  })

  it('shows rates: what was counted in the interval, per second', () => {
    const text = formatTable(
      tables.syscalls,
      sampleOf({ interval_seconds: 0.5, syscalls: [syscallRow({ count: 9 })] }),
      all,
    )
    expect(text).toMatch(/read .* 18 /)
  })

  it('lets no name break the lines or reach the terminal', () => {
    const processes = [processRow({ name: 'x\n\u001b[2J\u009b', command: '\u202e\r漢' })]
    const text = formatTable(tables.processes, sampleOf({ processes }), all)
    expect(text.trimEnd().split('\n')).toHaveLength(3)
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}]/u)
  })

  it('prints a table of any length', () => {
    const processes = Array.from({ length: 10_000 }, (_, pid) => processRow({ pid }))
    expect(formatTable(tables.processes, sampleOf({ processes }), all).split('\n').length).toBe(10_004)
  })
})
