import type { Table } from '../../table/table.ts'
import { durationColumn, errorColumn, syscallColumn, timeColumn } from './columns.ts'
import type { SyscallRow } from './row.ts'

/** System calls summed over all watched processes. */
export const syscallTable: Table<SyscallRow, 'syscalls'> = {
  name: 'syscalls',
  title: 'Syscalls',
  shortTitle: 'Syscalls',
  list: 'syscalls',
  meaning: 'All system calls that returned in this interval.',
  rowType: 'SyscallRow',
  description: 'system calls',
  noun: { one: 'syscall', many: 'syscalls' },
  sources: ['syscalls'],
  inOverview: true,
  defaultSort: 'count',
  columns: [
    syscallColumn(),
    { id: 'id', title: 'ID', kind: 'identity', unit: 'number', value: row => row.id, width: 4, priority: 7 },
    { id: 'abi', title: 'ABI', kind: 'identity', unit: 'text', value: row => row.abi, width: 6, priority: 8 },
    { id: 'count', title: 'CALLS/s', kind: 'counter', unit: 'events', value: row => row.count, width: 8, priority: 0 },
    errorColumn(1),
    timeColumn(4),
    durationColumn('p50', 3),
    durationColumn('p95', 5),
    durationColumn('p99', 2),
    durationColumn('max', 6),
  ],
  key: row => `${row.abi}:${row.id}`,
  call: row => row,
  opens: 'call',
}
