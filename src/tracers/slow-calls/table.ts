import type { Table } from '../../table/table.ts'
import { IDLE_CALLS } from '../in-flight/idle.ts'
import { syscallColumn } from '../syscalls/columns.ts'
import type { SlowCallRow } from './row.ts'

/** Clock time of the day, local, to the millisecond. */
function clock(unixNs: number): string {
  const date = new Date(unixNs / 1e6)
  const part = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`
}

/** Single system calls that took as long as `--slow` says, or longer. */
export const slowTable: Table<SlowCallRow, 'slow_calls'> = {
  name: 'slow',
  title: 'Slow calls',
  shortTitle: 'Slow',
  list: 'slow_calls',
  meaning: 'System calls that took as long as `--slow` says, or longer.',
  rowType: 'SlowCallRow',
  description: 'slow system calls, one by one',
  noun: { one: 'slow call', many: 'slow calls' },
  sources: ['syscalls'],
  defaultSort: 'duration_ns',
  past: true,
  columns: [
    {
      id: 'started',
      title: 'STARTED',
      kind: 'text',
      unit: 'text',
      meaning: 'Beginning of the call: time of day in the time zone of the program.',
      value: row => clock(row.started_ns),
      width: 12,
      priority: 3,
    },
    {
      id: 'started_ns',
      title: 'UNIX NS',
      kind: 'identity',
      unit: 'number',
      value: row => row.started_ns,
      width: 19,
      priority: 9,
    },
    {
      id: 'duration_ns',
      title: 'TOOK',
      kind: 'duration',
      unit: 'nanoseconds',
      value: row => row.duration_ns,
      width: 7,
      priority: 0,
    },
    { id: 'pid', title: 'PID', kind: 'identity', unit: 'number', value: row => row.pid, width: 7, priority: 1 },
    { id: 'tid', title: 'TID', kind: 'identity', unit: 'number', value: row => row.tid, width: 7, priority: 5 },
    { id: 'name', title: 'NAME', kind: 'identity', unit: 'text', value: row => row.name, width: 15, priority: 1 },
    syscallColumn(),
    { id: 'return', title: 'RETURN', kind: 'gauge', unit: 'number', value: row => row.return, width: 8, priority: 4 },
    {
      id: 'error',
      title: 'ERROR',
      kind: 'text',
      unit: 'text',
      value: row => row.error,
      alarm: true,
      width: 12,
      priority: 2,
    },
  ],
  key: row => `${row.tid} ${row.started_ns}`,
  pid: row => row.pid,
  call: row => row,
  opens: 'process',
  idle: row => IDLE_CALLS.has(row.syscall),
}
