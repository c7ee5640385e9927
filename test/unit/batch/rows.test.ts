import { describe, expect, it } from 'vitest'
import { arrange } from '../../../src/batch/rows.ts'
import { filterRows, findColumn, sortRows } from '../../../src/table/arrange.ts'
import { connectionRow, syscallRow } from '../../support/samples.ts'
import { tables } from '../../support/tables.ts'

describe('arrange', () => {
  const rows = [syscallRow({ syscall: 'read', count: 1 }), syscallRow({ syscall: 'write', id: 1, count: 5, errors: 0 })]

  it("has the table's own order where the column is not one of its own", () => {
    const names = (sort: string | null) => arrange(tables.syscalls, rows, { sort, filter: '' }).map(row => row.syscall)
    expect(names(null)).toEqual(['write', 'read'])
    expect(names('sent_bytes')).toEqual(['write', 'read'])
    expect(names('errors')).toEqual(['read', 'write'])
    expect(names('ERR/s')).toEqual(['read', 'write'])
  })

  it('leaves rows out that do not match', () => {
    expect(arrange(tables.syscalls, rows, { sort: null, filter: 'writ' })).toEqual([rows[1]])
  })
})

// see test/unit/table for the rest of these
describe('the tables', () => {
  it('are filtered by addresses and ports', () => {
    const rows = [connectionRow(), connectionRow({ remote: { address: '2001:db8::1', port: 443 } })]
    expect(filterRows(tables.connections, rows, '2001:db8')).toEqual([rows[1]])
    expect(filterRows(tables.connections, rows, ':443')).toEqual([rows[1]])
  })

  it('are sorted into a copy', () => {
    const rows = [syscallRow({ count: 1 }), syscallRow({ id: 1, count: 5 })]
    sortRows(tables.syscalls, rows, { column: 'count', reversed: false })
    expect(rows.map(row => row.count)).toEqual([1, 5])
  })

  it('know each column by its id, and no two by the same one', () => {
    for (const { columns } of Object.values(tables)) {
      expect(new Set(columns.map(column => column.id)).size).toBe(columns.length)
    }
    for (const column of tables.connections.columns) expect(findColumn(tables.connections, column.id)).toBe(column)
  })
})
