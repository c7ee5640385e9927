import type { Table } from '../../table/table.ts'
import { endpoint } from '../network/endpoint.ts'
import { connectionColumns } from './columns.ts'
import { hasFailed } from './outcome.ts'
import type { ConnectionView } from './view.ts'

/** TCP connections. */
export const connectionTable: Table<ConnectionView, 'connections'> = {
  name: 'connections',
  title: 'Connections',
  shortTitle: 'Conns',
  list: 'connections',
  meaning: 'All TCP connections that were open in this interval, or failed to connect in it.',
  rowType: 'ConnectionRow',
  description: 'TCP connections',
  noun: { one: 'connection', many: 'connections' },
  sources: ['connections'],
  inOverview: true,
  defaultSort: 'bytes',
  columns: connectionColumns,
  // they come as the kernel's hash table has them, and to make fifty thousand keys takes its time
  steady: true,
  key: row => `${row.network_namespace ?? ''} ${endpoint(row.local)} ${endpoint(row.remote)}`,
  pid: row => row.pid,
  processStarted: row => row.process_started_ns,
  opens: 'row',
  identity: row => String(row.id),
  called: row => `${row.direction === 'inbound' ? '←' : '→'} ${endpoint(row.remote)}`,
  ended: row => row.closed,
  lingering: true,
  failed: hasFailed,
}
