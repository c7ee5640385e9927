import { describe, expect, it } from 'vitest'
import { filterRows } from '../../../src/table/arrange.ts'
import { formatCell } from '../../../src/table/format.ts'
import { connectionTable } from '../../../src/tracers/connections/table.ts'
import { connectionRow, sampleOf } from '../ui/samples.ts'

/** What people read of a connection in a column. */
function read(id: string, change: Parameters<typeof connectionRow>[0]): string {
  const column = connectionTable.columns.find(column => column.id === id)
  if (column === undefined) throw new RangeError(`no column ${id}`)
  return formatCell(column, connectionRow(change), { ...sampleOf(), names: null })
}

const attempt = { direction: 'outbound', opened: true, closed: true, established: false } as const

describe('the state of a connection', () => {
  it('is why it failed where it was never established', () => {
    expect(read('state', {})).toBe('ESTABLISHED')
    expect(read('state', { closed: true, state: 'CLOSE' })).toBe('CLOSE')
    expect(read('state', { ...attempt, closed: false, state: 'SYN_SENT' })).toBe('SYN_SENT')
    expect(read('state', { ...attempt, state: 'CLOSE', error: 'ECONNREFUSED' })).toBe('ECONNREFUSED')
    expect(read('state', { ...attempt, state: 'SYN_SENT' })).toBe('FAILED')
    expect(read('error', { ...attempt, state: 'SYN_SENT' })).toBe('FAILED')
    expect(read('error', {})).toBe('-')
  })

  it('is found as it is read, and as the kernel names it', () => {
    const rows = [connectionRow(), connectionRow({ ...attempt, state: 'SYN_SENT' })]
    expect(filterRows(connectionTable, rows, 'failed')).toEqual(rows.slice(1))
    expect(filterRows(connectionTable, rows, 'syn_sent')).toEqual(rows.slice(1))
  })
})

describe('the share of what was sent again', () => {
  it('is of the payload, and lies between none and all', () => {
    // its SYN was sent again four times
    expect(read('retransmit_share', { total_sent_bytes: 1, retransmits: 4, segments_sent: 1 })).toBe('0')
    expect(read('retransmit_share', { total_sent_bytes: 300, retransmitted_bytes: 100, retransmits: 1 })).toBe('25%')
    expect(read('retransmit_share', { total_sent_bytes: 0, retransmitted_bytes: 0, retransmits: 2 })).toBe('-')
    expect(read('retransmit_share', { total_sent_bytes: 10, retransmitted_bytes: null, retransmits: 2 })).toBe('-')
  })
})
