import type { Table } from '../../table/table.ts'
import { syscallColumn } from '../syscalls/columns.ts'
import { IDLE_RULE } from './idle.ts'
import type { InFlightRow } from './row.ts'

/** Threads that were in a system call when the interval ended. */
export const inFlightTable: Table<InFlightRow, 'in_flight'> = {
  name: 'in-flight',
  title: 'In flight',
  shortTitle: 'Flight',
  list: 'in_flight',
  meaning: 'Threads that were in a system call when the interval ended.',
  rowType: 'InFlightRow',
  description: 'system calls that have not returned',
  noun: { one: 'call in flight', many: 'calls in flight' },
  sources: ['in_flight'],
  defaultSort: 'duration_ns',
  columns: [
    {
      id: 'duration_ns',
      title: 'SINCE',
      unit: 'nanoseconds',
      value: row => row.duration_ns,
      mark: row => (row.duration_is_minimum ? '>' : ''),
      width: 7,
      priority: 0,
    },
    { id: 'pid', title: 'PID', unit: 'number', value: row => row.pid, width: 7, priority: 1 },
    { id: 'tid', title: 'TID', unit: 'number', value: row => row.tid, width: 7, priority: 4 },
    { id: 'name', title: 'NAME', unit: 'text', value: row => row.name, width: 12, grow: 1, widest: 15, priority: 1 },
    {
      id: 'thread_name',
      title: 'THREAD',
      unit: 'text',
      value: row => row.thread_name,
      width: 12,
      grow: 1,
      widest: 15,
      priority: 6,
    },
    syscallColumn(),
    { id: 'id', title: 'ID', unit: 'number', value: row => row.id, width: 5, priority: 8 },
    { id: 'abi', title: 'ABI', unit: 'text', value: row => row.abi, width: 7, priority: 9 },
    { id: 'thread_state', title: 'STATE', unit: 'text', value: row => row.thread_state, width: 15, priority: 3 },
    { id: 'idle', title: 'IDLE', unit: 'flag', value: row => row.idle, width: 5, priority: 5 },
    {
      id: 'argument',
      title: 'ARGUMENT',
      unit: 'text',
      value: row => row.argument,
      cut: 'middle',
      width: 28,
      grow: 3,
      widest: 60,
      priority: 2,
    },
    { id: 'started_ns', title: 'UNIX NS', unit: 'number', value: row => row.started_ns, width: 19, priority: 10 },
  ],
  key: row => `${row.tid} ${row.pid}`,
  pid: row => row.pid,
  idle: row => row.idle,
  idleRule: IDLE_RULE,
}
