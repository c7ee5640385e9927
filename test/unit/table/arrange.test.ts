import { describe, expect, it } from 'vitest'
import { filterRows, findColumn, sortRows } from '../../../src/table/arrange.ts'
import { tables } from '../../support/tables.ts'
import { connectionRow, processRow, syscallRow } from '../ui/samples.ts'

const { connections, processes } = tables
const rows = [
  connectionRow({ pid: 7, name: 'b', local: { address: '10.0.0.1', port: 3 } }),
  connectionRow({ pid: null, name: null, local: { address: '10.0.0.1', port: 2 } }),
  connectionRow({ pid: 9, name: 'a', local: { address: '10.0.0.1', port: 1 } }),
]
const pids = (sorted: readonly { pid: number | null }[]): (number | null)[] => sorted.map(row => row.pid)

describe('sorting', () => {
  it('has numbers downwards, text upwards, and what is unknown last either way', () => {
    expect(pids(sortRows(connections, rows, { column: 'pid', reversed: false }))).toEqual([9, 7, null])
    expect(pids(sortRows(connections, rows, { column: 'pid', reversed: true }))).toEqual([7, 9, null])
    expect(pids(sortRows(connections, rows, { column: 'name', reversed: false }))).toEqual([9, 7, null])
    expect(pids(sortRows(connections, rows, { column: 'name', reversed: true }))).toEqual([7, 9, null])
  })

  it('keeps rows that compare equal in the order of their keys', () => {
    const equal = [3, 1, 2].map(pid => processRow({ pid, syscalls: 5 }))
    const some = [...equal, processRow({ pid: 9, syscalls: 7 }), processRow({ pid: 4, syscalls: 1 })]
    expect(pids(sortRows(processes, some, { column: 'syscalls', reversed: false }))).toEqual([9, 1, 2, 3, 4])
    expect(pids(sortRows(processes, some, { column: 'syscalls', reversed: true }))).toEqual([4, 1, 2, 3, 9])
    expect(pids(sortRows(processes, equal, { column: 'name', reversed: true }))).toEqual([1, 2, 3])
  })

  it('leaves equal connections as they come, in the steady order of the kernel', () => {
    expect(pids(sortRows(connections, rows, { column: 'rtt_ns', reversed: false }))).toEqual([7, null, 9])
    expect(pids(sortRows(connections, rows, { column: 'rtt_ns', reversed: true }))).toEqual([7, null, 9])
  })
})

describe('filtering', () => {
  const some = [
    processRow({ pid: 12, name: 'NginX' }),
    processRow({ pid: 120, name: 'sshd', command: 'sshd', connections: 12 }),
  ]
  it('finds parts of texts, whatever their case, and whole ids', () => {
    expect(pids(filterRows(processes, some, 'nginx'))).toEqual([12])
    expect(pids(filterRows(processes, some, ' 12 '))).toEqual([12])
    expect(pids(filterRows(processes, some, 'SSH'))).toEqual([120])
    expect(filterRows(processes, some, '  ')).toBe(some)
    expect(filterRows(processes, some, '.*')).toEqual([])
  })

  it('finds containers, units and pods', () => {
    const container = '4f1c9a2b7d3e'.padEnd(64, '0')
    const row = processRow({ container, unit: 'postgresql.service', pod: '7c6f-11' })
    for (const text of ['4f1c', container, 'postgresql.serv', '7c6f'])
      expect(filterRows(processes, [row], text)).toEqual([row])
    const connection = connectionRow({ container })
    expect(filterRows(connections, [connection, connectionRow()], '4f1c')).toEqual([connection])
  })

  it('finds names where names are shown', () => {
    const names = { host: () => 'db.example', service: () => 'postgresql' }
    expect(filterRows(connections, rows, 'DB.EX')).toEqual([])
    expect(filterRows(connections, rows, 'DB.EX', { names, ascii: false })).toEqual(rows)
    expect(filterRows(connections, rows, '203.0.113', { names, ascii: false })).toEqual(rows)
  })
})

describe('what is seen is found, as it is and as it is shown', () => {
  const sight = { names: null, ascii: true }
  it.each([
    ['ab\u200dcdjoin', 'ab?cdjoin'],
    ['ef\u00adghsoft', 'ef?ghsoft'],
    ['ij\x07klbell', 'ij?klbell'],
    ['mn\ufffdop', 'mn\ufffdop'],
    ['\x1b[31mred', '?[31mred'],
    ['\u202eexe', '?exe'],
    [`z${'\u0301'.repeat(9)}y`, 'z\u0301\u0301\u0301?'],
    ['e\u0301tude', 'étude'],
    ['étude', 'e\u0301tude'],
    ['\u1112\u1161\u11ab\u200d', '한?'],
  ])('%j by %j', (name, text) => {
    const row = processRow({ name, command: 'other' })
    expect(filterRows(processes, [row, processRow()], text)).toEqual([row])
    expect(filterRows(processes, [row, processRow()], name)).toEqual([row])
  })

  it.each([
    ['été', '?t?'],
    ['漢字', '????'],
    ['x\u200dy', 'x?y'],
  ])('%j by %j in ASCII', (name, text) => {
    const row = processRow({ name, command: 'other' })
    expect(filterRows(processes, [row, processRow()], text, sight)).toEqual([row])
    expect(filterRows(processes, [row, processRow()], name, sight)).toEqual([row])
  })

  it('marks in front of it as well, and names', () => {
    const row = syscallRow({ abi: 'compat' })
    expect(filterRows(tables.syscalls, [row, syscallRow({ id: 9 })], '32:read')).toEqual([row])
    const names = { host: () => 'db\x1bx', service: () => null }
    expect(filterRows(connections, rows, 'db?x', { names, ascii: false })).toEqual(rows)
  })
})

it('a column is found by its id or its heading', () => {
  expect(findColumn(processes, 'sent_bytes')?.id).toBe('sent_bytes')
  expect(findColumn(processes, 'SENT')?.id).toBe('sent_bytes')
  expect(findColumn(processes, 'calls/s')?.id).toBe('syscalls')
  expect(findColumn(processes, 'nonsense')).toBeUndefined()
})
