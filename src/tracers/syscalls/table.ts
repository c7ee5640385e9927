import type { Table } from '../../table/table.ts'
import { durationColumn, errorColumn, timeColumn } from './durations.ts'
import type { SyscallRow } from './row.ts'

/** System calls summed over all watched processes. */
export const syscallTable: Table<SyscallRow> = {
  name: 'syscalls',
  title: 'Syscalls',
  noun: { one: 'syscall', many: 'syscalls' },
  defaultSort: 'count',
  columns: [
    {
      id: 'syscall',
      title: 'SYSCALL',
      unit: 'text',
      value: row => row.syscall,
      mark: row => (row.abi === 'compat' ? '32:' : ''),
      width: 16,
      grow: 1,
      widest: 28,
      priority: 0,
    },
    { id: 'id', title: 'ID', unit: 'number', value: row => row.id, width: 4, priority: 7 },
    { id: 'abi', title: 'ABI', unit: 'text', value: row => row.abi, width: 6, priority: 8 },
    { id: 'count', title: 'CALLS/s', unit: 'events', perSecond: true, value: row => row.count, width: 8, priority: 0 },
    errorColumn(1),
    timeColumn(4),
    durationColumn('p50', 3),
    durationColumn('p95', 5),
    durationColumn('p99', 2),
    durationColumn('max', 6),
  ],
  rows: sample => sample.syscalls,
  key: row => `${row.abi}:${row.id}`,
  pid: () => null,
}
