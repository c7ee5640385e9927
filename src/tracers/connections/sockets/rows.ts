/** TCP sockets as the kernel side writes them in rows, `struct connection` of bpf/connection.bpf.h. */

import { readText, readU64 } from '../../../bpf/btf/layout.ts'
import type { LentBytes } from '../../../bpf/maps/lent.ts'
import { PackedBatch, type Readers } from '../../../table/batch.ts'
import { familyOf, readAddress } from '../../network/address.ts'
import type { Endpoint } from '../row.ts'
import type { SocketOffsets } from './offsets.ts'
import { NAME_LENGTH } from './offsets.ts'
import { type ConnectionRecord, type ConnectionRecords, STATES } from './record.ts'

/** The enums of bpf/connection.bpf.h, by their number; 0 is none of them. */
const DIRECTIONS = [null, 'outbound', 'inbound'] as const
const CLOSERS = [null, 'local', 'remote'] as const
const ZERO_WINDOWS = [null, 'local', 'remote', 'both'] as const
const RESETS = [null, 'sent', 'received'] as const

/** The rows as the kernel side wrote them. */
export function socketRows(rows: LentBytes, at: SocketOffsets): ConnectionRecords {
  return new PackedBatch(rows, READERS, at)
}

const READERS: Readers<ConnectionRecord, SocketOffsets> = {
  id: (rows, row, at) => readU64(rows, row + at.id),
  listener: (rows, row, at) => readU64(rows, row + at.listener),
  owner: (rows, row, at) => rows.getUint32(row + at.owner, true),
  ownerStartedNs: (rows, row, at) => readU64(rows, row + at.ownerStarted),
  name: (rows, row, at) => readText(rows, row + at.name, NAME_LENGTH),
  family: (rows, row, at) => familyOf(rows, row + at.remote, rows.getUint16(row + at.family, true)),
  direction: (rows, row, at) => DIRECTIONS[rows.getUint8(row + at.direction)] ?? null,
  state: (rows, row, at) => STATES[rows.getUint8(row + at.state)] ?? 'UNKNOWN',
  local: (rows, row, at) => endpoint(rows, row + at.local, row + at.localPort, row + at.family),
  remote: (rows, row, at) => endpoint(rows, row + at.remote, row + at.remotePort, row + at.family),
  sentBytes: (rows, row, at) => readU64(rows, row + at.sent),
  receivedBytes: (rows, row, at) => readU64(rows, row + at.received),
  totalSentBytes: (rows, row, at) => readU64(rows, row + at.totalSent),
  totalReceivedBytes: (rows, row, at) => readU64(rows, row + at.totalReceived),
  connectNs: (rows, row, at) => known(readU64(rows, row + at.connect)),
  rttNs: (rows, row, at) => rows.getUint32(row + at.rtt, true) * MICROSECOND,
  rttMinNs: (rows, row, at) => {
    const rttMin = rows.getUint32(row + at.rttMin, true)
    return rttMin === at.noRtt ? null : rttMin * MICROSECOND
  },
  retransmits: (rows, row, at) => rows.getUint32(row + at.retransmits, true),
  retransmittedBytes: (rows, row, at) => readU64(rows, row + at.retransmitted),
  segments: (rows, row, at) => rows.getUint32(row + at.segments, true),
  startedNs: (rows, row, at) => readU64(rows, row + at.started),
  endedNs: (rows, row, at) => known(readU64(rows, row + at.ended)),
  older: (rows, row, at) => rows.getUint8(row + at.older) !== 0,
  established: (rows, row, at) => rows.getUint8(row + at.established) !== 0,
  opened: (rows, row, at) => rows.getUint8(row + at.opened) !== 0,
  accepted: (rows, row, at) => rows.getUint8(row + at.acceptedNow) !== 0,
  handshakeNs: (rows, row, at) => known(rows.getUint32(row + at.handshake, true) * MICROSECOND),
  establishedNs: (rows, row, at) => known(readU64(rows, row + at.acceptable)),
  acceptedNs: (rows, row, at) => known(readU64(rows, row + at.accepted)),
  closer: (rows, row, at) => CLOSERS[rows.getUint8(row + at.closer)] ?? null,
  reset: (rows, row, at) => RESETS[rows.getUint8(row + at.reset)] ?? null,
  receiveQueue: (rows, row, at) => rows.getUint32(row + at.receiveQueue, true),
  sendQueue: (rows, row, at) => rows.getUint32(row + at.sendQueue, true),
  zeroWindow: (rows, row, at) => ZERO_WINDOWS[rows.getUint8(row + at.zeroWindow)] ?? null,
  busy: (rows, row, at) => rows.getUint8(row + at.busy) !== 0,
  mptcp: (rows, row, at) => rows.getUint8(row + at.mptcp) !== 0,
  timeWait: (rows, row, at) => rows.getUint8(row + at.timeWait) !== 0,
  drops: (rows, row, at) => rows.getUint32(row + at.drops, true),
  totalDrops: (rows, row, at) => rows.getUint32(row + at.totalDrops, true),
  onlyV6: () => null,
  namespace: (rows, row, at) => rows.getUint32(row + at.namespace, true),
  device: (rows, row, at) => rows.getUint32(row + at.device, true),
  errno: (rows, row, at) => rows.getUint16(row + at.error, true),
}

function endpoint(rows: DataView, at: number, portAt: number, familyAt: number): Endpoint {
  const { address } = readAddress(rows, at, rows.getUint16(familyAt, true))
  return { address, port: rows.getUint16(portAt, true) }
}

/** Nanoseconds. */
const MICROSECOND = 1000

/** Zero stands for what is not known. */
function known(value: number): number | null {
  return value === 0 ? null : value
}
