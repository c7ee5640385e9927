import { containerColumn } from '../../table/container.ts'
import type { Table } from '../../table/table.ts'
import { endpoint, namedEndpoint, namedHost, namedService } from '../network/endpoint.ts'
import { hasFailed } from './outcome.ts'
import type { ConnectionRow } from './row.ts'

/** What a connection moved while nothing could be read of it is not known yet. */
const atLeast = (row: ConnectionRow): string => (row.busy ? '>' : '')

/** Why it never was a connection; null: it is one, or was, or is about to be. */
function failure(row: ConnectionRow): string | null {
  return hasFailed(row) ? (row.error ?? 'FAILED') : null
}

/** The state of a connection, or why it never was one. */
function outcome(row: ConnectionRow): string {
  return failure(row) ?? row.state
}

/** Which part of the payload bytes that went out was sent again. */
function retransmitShare({ total_sent_bytes, retransmitted_bytes }: ConnectionRow): number | null {
  if (retransmitted_bytes === null) return null
  const all = total_sent_bytes + retransmitted_bytes
  return all > 0 ? retransmitted_bytes / all : null
}

/** TCP connections. */
export const connectionTable: Table<ConnectionRow, 'connections'> = {
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
  columns: [
    { id: 'pid', title: 'PID', unit: 'number', value: row => row.pid, width: 7, priority: 2 },
    { id: 'name', title: 'NAME', unit: 'text', value: row => row.name, width: 12, grow: 3, widest: 15, priority: 1 },
    { id: 'family', title: 'FAMILY', unit: 'text', value: row => row.family, width: 7, priority: 18 },
    {
      id: 'direction',
      title: 'DIR',
      unit: 'text',
      value: row => row.direction,
      width: 8,
      priority: 7,
    },
    { id: 'state', title: 'STATE', unit: 'text', value: row => row.state, written: outcome, width: 12, priority: 6 },
    {
      id: 'local',
      title: 'LOCAL',
      unit: 'text',
      value: row => endpoint(row.local),
      // the service is at the end that was called
      named: (row, names) => (row.direction === 'inbound' ? namedService(row.local, names) : endpoint(row.local)),
      cut: 'middle',
      width: 21,
      grow: 1,
      widest: 47,
      priority: 5,
    },
    {
      id: 'remote',
      title: 'REMOTE',
      unit: 'text',
      value: row => endpoint(row.remote),
      named: (row, names) =>
        row.direction === 'outbound' ? namedEndpoint(row.remote, names) : namedHost(row.remote, names),
      cut: 'middle',
      width: 21,
      grow: 1,
      widest: 47,
      priority: 0,
    },
    {
      id: 'sent_bytes',
      title: 'SENT/s',
      unit: 'bytes',
      perSecond: true,
      value: row => row.sent_bytes,
      mark: atLeast,
      width: 8,
      priority: 3,
    },
    {
      id: 'received_bytes',
      title: 'RECV/s',
      unit: 'bytes',
      perSecond: true,
      value: row => row.received_bytes,
      mark: atLeast,
      width: 8,
      priority: 3,
    },
    {
      id: 'bytes',
      title: 'BYTES/s',
      unit: 'bytes',
      meaning: 'Payload bytes sent and received in this interval.',
      perSecond: true,
      value: row => row.sent_bytes + row.received_bytes,
      mark: atLeast,
      width: 8,
      priority: 14,
    },
    {
      id: 'total_sent_bytes',
      title: 'SENT',
      unit: 'bytes',
      value: row => row.total_sent_bytes,
      mark: atLeast,
      width: 7,
      priority: 11,
    },
    {
      id: 'total_received_bytes',
      title: 'RECV',
      unit: 'bytes',
      value: row => row.total_received_bytes,
      mark: atLeast,
      width: 7,
      priority: 12,
    },
    {
      id: 'connect_latency_ns',
      title: 'CONNECT',
      unit: 'nanoseconds',
      value: row => row.connect_latency_ns,
      width: 8,
      priority: 8,
    },
    {
      id: 'handshake_latency_ns',
      title: 'HANDSHK',
      unit: 'nanoseconds',
      value: row => row.handshake_latency_ns,
      width: 8,
      priority: 15,
    },
    {
      id: 'accept_wait_ns',
      title: 'ACCEPT',
      unit: 'nanoseconds',
      value: row => row.accept_wait_ns,
      width: 7,
      priority: 14,
    },
    {
      id: 'rtt_ns',
      title: 'RTT',
      unit: 'nanoseconds',
      // 0: the kernel has not measured one yet
      value: row => (row.rtt_ns > 0 ? row.rtt_ns : null),
      width: 7,
      priority: 4,
    },
    { id: 'rtt_min_ns', title: 'RTTMIN', unit: 'nanoseconds', value: row => row.rtt_min_ns, width: 7, priority: 16 },
    {
      id: 'retransmits',
      title: 'RETR',
      unit: 'events',
      value: row => row.retransmits,
      alarm: true,
      width: 5,
      priority: 10,
    },
    {
      id: 'retransmit_share',
      title: 'RETR%',
      unit: 'share',
      meaning:
        'Retransmitted share of all payload bytes sent since the connection began. null: nothing was sent, or the kernel does not tell.',
      // of the payload: SYN and FIN carry none
      value: retransmitShare,
      alarm: true,
      width: 6,
      priority: 13,
    },
    {
      id: 'age_seconds',
      title: 'AGE',
      unit: 'seconds',
      value: row => row.age_seconds,
      mark: row => (row.age_is_minimum ? '>' : ''),
      width: 7,
      priority: 11,
    },
    {
      id: 'error',
      title: 'ERROR',
      unit: 'text',
      value: failure,
      sparse: true,
      alarm: true,
      width: 12,
      // where the state has no room, this says that there was no connection
      priority: 3,
    },
    {
      id: 'reset',
      title: 'RESET',
      unit: 'text',
      value: row => row.reset,
      sparse: true,
      alarm: true,
      width: 8,
      priority: 16,
    },
    {
      id: 'receive_queue_bytes',
      title: 'RECV-Q',
      unit: 'bytes',
      value: row => row.receive_queue_bytes,
      width: 7,
      priority: 15,
    },
    {
      id: 'send_queue_bytes',
      title: 'SEND-Q',
      unit: 'bytes',
      value: row => row.send_queue_bytes,
      width: 7,
      priority: 15,
    },
    {
      id: 'zero_window',
      title: 'ZEROWIN',
      unit: 'text',
      value: row => row.zero_window,
      sparse: true,
      alarm: true,
      width: 8,
      priority: 9,
    },
    { id: 'busy', title: 'BUSY', unit: 'flag', sparse: true, value: row => row.busy, width: 5, priority: 18 },
    { id: 'closed_by', title: 'CLOSER', unit: 'text', value: row => row.closed_by, width: 7, priority: 12 },
    containerColumn(13, row => row.container),
    { id: 'unit', title: 'UNIT', unit: 'text', sparse: true, value: row => row.unit, width: 15, priority: 17 },
    { id: 'pod', title: 'POD', unit: 'text', sparse: true, value: row => row.pod, width: 36, priority: 21 },
    {
      id: 'network_namespace',
      title: 'NETNS',
      sparse: true,
      unit: 'number',
      value: row => row.network_namespace,
      width: 10,
      priority: 17,
    },
    { id: 'established', title: 'ESTAB', unit: 'flag', value: row => row.established, width: 6, priority: 22 },
    { id: 'opened', title: 'OPENED', unit: 'flag', value: row => row.opened, width: 7, priority: 20 },
    { id: 'closed', title: 'CLOSED', unit: 'flag', value: row => row.closed, width: 7, priority: 19 },
  ],
  // they come as the kernel's hash table has them, and to make fifty thousand keys takes its time
  steady: true,
  key: row => `${row.network_namespace ?? ''} ${endpoint(row.local)} ${endpoint(row.remote)}`,
  pid: row => row.pid,
  processStarted: row => row.process_started_ns,
  opens: 'row',
  identity: row => String(row.id),
  called: row => `${row.direction === 'inbound' ? '←' : '→'} ${endpoint(row.remote)}`,
  ended: row => row.closed,
}
