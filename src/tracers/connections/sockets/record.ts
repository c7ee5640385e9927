/** A TCP socket at the end of an interval, whoever of the kernel side told of it. */

import { type Batch, ListBatch } from '../../../table/batch.ts'
import type { Moved } from '../../processes/tracer.ts'
import type { Endpoint, Family } from '../row.ts'

/** Names of the kernel's enum (include/net/tcp_states.h), by their number. */
export const STATES = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
] as const

/** A TCP socket at the end of an interval, or at its own end; bytes are payload. */
export interface ConnectionRecord {
  readonly id: number
  /** Id of the listening socket that made it; 0: none did, or it is not known. */
  readonly listener: number
  /** 0: nobody is known to hold it. */
  readonly owner: number
  /** Start of the owner since boot; with the pid it names a process for good. 0: not known. */
  readonly ownerStartedNs: number
  readonly name: string
  readonly family: Family
  /** null: it is older than the tool. */
  readonly direction: 'inbound' | 'outbound' | null
  readonly state: (typeof STATES)[number]
  /** It is established, or was. One that a process accepted by Fast Open is, whether its handshake is over or not. */
  readonly established: boolean
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Since the last record of this connection. */
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly totalSentBytes: number
  readonly totalReceivedBytes: number
  /** null: not known, or not ours to measure. */
  readonly connectNs: number | null
  readonly rttNs: number
  readonly retransmits: number
  /** Payload bytes sent again; null: not known. */
  readonly retransmittedBytes: number | null
  /** On the monotonic clock. */
  readonly startedNs: number
  readonly endedNs: number | null
  readonly older: boolean
  /** No record before this one had it, or had it as accepted. */
  readonly opened: boolean
  readonly accepted: boolean | null
  /** Inbound only; null: not known. */
  readonly handshakeNs: number | null
  /** On the monotonic clock, inbound only; null: not seen. */
  readonly establishedNs: number | null
  readonly acceptedNs: number | null
  readonly rttMinNs: number | null
  readonly segments: number
  readonly closer: 'local' | 'remote' | null
  readonly reset: 'sent' | 'received' | null
  /** Bytes not read yet, and not acknowledged yet; of a listening socket: connections that wait, and how many may. */
  readonly receiveQueue: number
  readonly sendQueue: number
  /** Ends that told the other to send nothing more for now; null: neither, or not known. */
  readonly zeroWindow: 'local' | 'remote' | 'both' | null
  /** Somebody was at work on it, so that its counters could not be read: they are those of the record before. */
  readonly busy: boolean
  /** A subflow of a connection by MPTCP, or a socket that listens for them; null: not told. */
  readonly mptcp: boolean | null
  /** It closed, and the kernel waits in TIME_WAIT for what may still be under way. */
  readonly timeWait: boolean
  /** What a listening socket dropped since the last walk, and in all. */
  readonly drops: number
  readonly totalDrops: number
  /** Index of the network interface that it is bound to; 0: none. */
  readonly device: number
  /** It takes no IPv4; null: not told, and hardly needed where `listener` is. */
  readonly onlyV6: boolean | null
  /** Inode of its network namespace. */
  readonly namespace: number
  /** Of a connect that failed; 0: none, or the kernel did not say. */
  readonly errno: number
}

/** Sockets of one interval. */
export type ConnectionRecords = Batch<ConnectionRecord>

/** What is known of a listening socket; there may be many thousands of them. */
export type ListeningSocket = Pick<
  ConnectionRecord,
  | 'id'
  | 'owner'
  | 'ownerStartedNs'
  | 'name'
  | 'family'
  | 'local'
  | 'receiveQueue'
  | 'sendQueue'
  | 'accepted'
  | 'mptcp'
  | 'drops'
  | 'totalDrops'
  | 'namespace'
  | 'device'
  | 'onlyV6'
>

/** The listening socket that a record is of. */
export function listeningAt(records: ConnectionRecords, index: number): ListeningSocket {
  return {
    id: records.get(index, 'id'),
    owner: records.get(index, 'owner'),
    ownerStartedNs: records.get(index, 'ownerStartedNs'),
    name: records.get(index, 'name'),
    family: records.get(index, 'family'),
    local: records.get(index, 'local'),
    receiveQueue: records.get(index, 'receiveQueue'),
    sendQueue: records.get(index, 'sendQueue'),
    accepted: records.get(index, 'accepted'),
    mptcp: records.get(index, 'mptcp'),
    drops: records.get(index, 'drops'),
    totalDrops: records.get(index, 'totalDrops'),
    namespace: records.get(index, 'namespace'),
    device: records.get(index, 'device'),
    onlyV6: records.get(index, 'onlyV6'),
  }
}

export const NO_SOCKETS: ConnectionRecords = new ListBatch()

type Totals = Pick<ConnectionRecord, 'totalSentBytes' | 'totalReceivedBytes'>

/**
 * What a connection that is in a walk and closed after it moved in between. Its totals tell that, whether the kernel side
 * knew at the end what the walk had counted or not: a walk that takes no lock of the socket may run beside the end.
 */
export function movedSince(walked: Totals, closed: Totals): Moved {
  return {
    sentBytes: closed.totalSentBytes - walked.totalSentBytes,
    receivedBytes: closed.totalReceivedBytes - walked.totalReceivedBytes,
  }
}
