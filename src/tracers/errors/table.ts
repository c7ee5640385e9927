import type { Table } from '../../table/table.ts'
import { syscallColumn } from '../syscalls/columns.ts'
import { DAILY_RULE, isDaily } from './daily.ts'
import type { ErrorRow } from './row.ts'

/** Failed system calls, by process, call and errno. */
export const errorTable: Table<ErrorRow, 'errors'> = {
  name: 'errors',
  title: 'Errors',
  shortTitle: 'Errors',
  list: 'errors',
  meaning: 'System calls that returned an error in this interval, by process, system call and errno.',
  rowType: 'ErrorRow',
  description: 'failed system calls by errno',
  noun: { one: 'error', many: 'errors' },
  sources: ['syscalls'],
  defaultSort: 'count',
  columns: [
    { id: 'pid', title: 'PID', kind: 'identity', unit: 'number', value: row => row.pid, width: 7, priority: 1 },
    { id: 'name', title: 'NAME', kind: 'identity', unit: 'text', value: row => row.name, width: 15, priority: 1 },
    syscallColumn(),
    { id: 'abi', title: 'ABI', kind: 'identity', unit: 'text', value: row => row.abi, width: 6, priority: 5 },
    { id: 'errno', title: 'ERRNO', kind: 'identity', unit: 'text', value: row => row.errno, width: 14, priority: 0 },
    { id: 'count', title: 'ERR/s', kind: 'counter', unit: 'events', value: row => row.count, width: 7, priority: 0 },
    { id: 'share', title: 'OF CALLS', kind: 'gauge', unit: 'share', value: row => row.share, width: 9, priority: 2 },
    {
      id: 'meaning',
      title: 'MEANING',
      kind: 'text',
      unit: 'text',
      value: row => row.meaning,
      width: 16,
      grow: 2,
      widest: 50,
      priority: 3,
    },
  ],
  key: row => `${row.pid} ${row.process_started_ns} ${row.abi} ${row.id} ${row.errno}`,
  pid: row => row.pid,
  processStarted: row => row.process_started_ns,
  call: row => row,
  // programs that live for a moment come with a new process each time
  newsKey: row => `${row.abi} ${row.id} ${row.errno} ${row.name}`,
  daily: isDaily,
  dailyRule: DAILY_RULE,
  opens: 'call',
}
