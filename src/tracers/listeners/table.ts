import { containerColumn } from '../../table/container.ts'
import type { Table } from '../../table/table.ts'
import { endpoint, namedService } from '../network/endpoint.ts'
import type { ListenerRow } from './row.ts'

/** Listening TCP sockets. */
export const listenerTable: Table<ListenerRow, 'listeners'> = {
  name: 'listeners',
  title: 'Listeners',
  shortTitle: 'Listen',
  list: 'listeners',
  meaning: 'All listening TCP sockets.',
  rowType: 'ListenerRow',
  description: 'listening sockets',
  noun: { one: 'listener', many: 'listeners' },
  sources: ['connections'],
  defaultSort: 'accepts',
  columns: [
    {
      id: 'local',
      title: 'ADDRESS',
      unit: 'text',
      value: row => endpoint(row.local),
      named: (row, names) => namedService(row.local, names),
      cut: 'middle',
      width: 21,
      grow: 1,
      widest: 47,
      priority: 0,
    },
    { id: 'family', title: 'FAMILY', unit: 'text', value: row => row.family, width: 7, priority: 5 },
    { id: 'pid', title: 'PID', unit: 'number', value: row => row.pid, width: 7, priority: 2 },
    { id: 'name', title: 'NAME', unit: 'text', value: row => row.name, width: 12, grow: 3, widest: 15, priority: 1 },
    containerColumn(4, row => row.container),
    // the fill level of the queue is what the eye looks for, so the two numbers stand together
    { id: 'backlog', title: 'WAITING', unit: 'events', value: row => row.backlog, alarm: true, width: 8, priority: 1 },
    { id: 'backlog_limit', title: 'LIMIT', unit: 'events', value: row => row.backlog_limit, width: 7, priority: 1 },
    {
      id: 'backlog_share',
      title: 'FULL',
      unit: 'share',
      meaning: 'Fill level of the accept queue: waiting connections divided by the limit plus one.',
      // the kernel calls the queue full when there are more than the limit (sk_acceptq_is_full)
      value: row => row.backlog / (row.backlog_limit + 1),
      width: 6,
      priority: 3,
    },
    {
      id: 'accepts',
      title: 'ACCEPT/s',
      unit: 'events',
      perSecond: true,
      value: row => row.accepts,
      width: 9,
      priority: 0,
    },
    {
      id: 'drops',
      title: 'DROP/s',
      unit: 'events',
      perSecond: true,
      value: row => row.drops,
      alarm: true,
      width: 7,
      priority: 0,
    },
    {
      id: 'network_namespace',
      title: 'NETNS',
      sparse: true,
      unit: 'number',
      value: row => row.network_namespace,
      width: 10,
      priority: 4,
    },
  ],
  key: row => String(row.id),
  pid: row => row.pid,
  opens: 'row',
  called: row => endpoint(row.local),
}
