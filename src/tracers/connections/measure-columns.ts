import type { Column } from '../../table/table.ts'
import type { ConnectionView } from './view.ts'

/** What a connection moved while nothing could be read of it is not known yet. */
const atLeast = (row: ConnectionView): string => (row.busy ? '>' : '')

/** Which part of the payload bytes that went out was sent again. */
function retransmitShare({ total_sent_bytes, retransmitted_bytes }: ConnectionView): number | null {
  if (retransmitted_bytes === null) return null
  const all = total_sent_bytes + retransmitted_bytes
  return all > 0 ? retransmitted_bytes / all : null
}

/** What it moved, how quickly, and how well. */
export const measureColumns: readonly Column<ConnectionView>[] = [
  {
    id: 'sent_bytes',
    title: 'SENT/s',
    kind: 'counter',
    unit: 'bytes',
    value: row => row.sent_bytes,
    mark: atLeast,
    width: 8,
    priority: 3,
  },
  {
    id: 'received_bytes',
    title: 'RECV/s',
    kind: 'counter',
    unit: 'bytes',
    value: row => row.received_bytes,
    mark: atLeast,
    width: 8,
    priority: 3,
  },
  {
    id: 'bytes',
    title: 'BYTES/s',
    kind: 'counter',
    unit: 'bytes',
    meaning: 'Payload bytes sent and received in this interval.',
    value: row => row.sent_bytes + row.received_bytes,
    mark: atLeast,
    width: 8,
    priority: 14,
  },
  {
    id: 'total_sent_bytes',
    title: 'SENT',
    kind: 'gauge',
    unit: 'bytes',
    value: row => row.total_sent_bytes,
    mark: atLeast,
    width: 7,
    priority: 11,
  },
  {
    id: 'total_received_bytes',
    title: 'RECV',
    kind: 'gauge',
    unit: 'bytes',
    value: row => row.total_received_bytes,
    mark: atLeast,
    width: 7,
    priority: 12,
  },
  {
    id: 'connect_latency_ns',
    title: 'CONNECT',
    kind: 'duration',
    unit: 'nanoseconds',
    value: row => row.connect_latency_ns,
    width: 8,
    priority: 8,
  },
  {
    id: 'handshake_latency_ns',
    title: 'HANDSHK',
    kind: 'duration',
    unit: 'nanoseconds',
    value: row => row.handshake_latency_ns,
    width: 8,
    priority: 15,
  },
  {
    id: 'accept_wait_ns',
    title: 'ACCEPT',
    kind: 'duration',
    unit: 'nanoseconds',
    value: row => row.accept_wait_ns,
    width: 7,
    priority: 14,
  },
  {
    id: 'rtt_ns',
    title: 'RTT',
    kind: 'duration',
    unit: 'nanoseconds',
    // 0: the kernel has not measured one yet
    value: row => (row.rtt_ns > 0 ? row.rtt_ns : null),
    width: 7,
    priority: 4,
  },
  {
    id: 'rtt_min_ns',
    title: 'RTTMIN',
    kind: 'duration',
    unit: 'nanoseconds',
    value: row => row.rtt_min_ns,
    width: 7,
    priority: 16,
  },
  {
    id: 'retransmits',
    title: 'RETR',
    kind: 'gauge',
    unit: 'events',
    value: row => row.retransmits,
    alarm: true,
    width: 5,
    priority: 10,
  },
  {
    id: 'retransmit_share',
    title: 'RETR%',
    kind: 'gauge',
    unit: 'share',
    meaning:
      'Retransmitted share of all payload bytes sent since the connection began. null: nothing was sent, or the kernel does not tell.',
    // of the payload: SYN and FIN carry none
    value: retransmitShare,
    alarm: true,
    width: 6,
    priority: 13,
  },
]
