/** Records made by hand, for tests that need none of the kernel. */

import type { ConnectionRecord } from '../../src/tracers/connections/sockets/record.ts'
import type { ProcessRecord } from '../../src/tracers/processes/tracer.ts'

const NOTHING = { sentBytes: 0, receivedBytes: 0 }

export function processRecord(pid: number, changes: Partial<ProcessRecord> = {}): ProcessRecord {
  const none = { tcp: NOTHING, udp: NOTHING, other: NOTHING }
  return {
    pid,
    parent: 0,
    startedNs: 5,
    name: `p${pid}`,
    command: null,
    group: null,
    exited: false,
    ...none,
    ...changes,
  }
}

export function connectionRecord(changes: Partial<ConnectionRecord>): ConnectionRecord {
  return {
    id: 1,
    listener: 0,
    owner: 1,
    ownerStartedNs: 5,
    name: 'owner',
    family: 'ipv4',
    direction: 'inbound',
    state: 'ESTABLISHED',
    established: true,
    local: { address: '127.0.0.1', port: 80 },
    remote: { address: '127.0.0.1', port: 5 },
    sentBytes: 0,
    receivedBytes: 0,
    totalSentBytes: 0,
    totalReceivedBytes: 0,
    connectNs: null,
    rttNs: 0,
    retransmits: 0,
    retransmittedBytes: 0,
    startedNs: 0,
    endedNs: null,
    older: false,
    opened: false,
    accepted: false,
    handshakeNs: null,
    establishedNs: null,
    acceptedNs: null,
    rttMinNs: null,
    segments: 0,
    closer: null,
    reset: null,
    receiveQueue: 0,
    sendQueue: 0,
    zeroWindow: null,
    busy: false,
    timeWait: false,
    mptcp: false,
    drops: 0,
    totalDrops: 0,
    namespace: 1,
    device: 0,
    onlyV6: null,
    errno: 0,
    ...changes,
  }
}
