import { describe, expect, test } from 'vitest'
import type { ProcessRecord } from '../../../src/tracers/processes.ts'
import { addBytes } from '../../../src/tracers/socket-bytes.ts'
import type { ConnectionRecord } from '../../../src/tracers/socket-record.ts'

const NOTHING = { sentBytes: 0, receivedBytes: 0 }

function processOf(pid: number): ProcessRecord {
  return { pid, startedNs: 5, name: `p${pid}`, exited: false, tcp: NOTHING, udp: NOTHING, other: NOTHING }
}

function connection(changes: Partial<ConnectionRecord>): ConnectionRecord {
  return {
    id: 1,
    owner: 1,
    name: 'owner',
    family: 'ipv4',
    direction: 'inbound',
    state: 'ESTABLISHED',
    local: { address: '127.0.0.1', port: 80 },
    remote: { address: '127.0.0.1', port: 5 },
    sentBytes: 0,
    receivedBytes: 0,
    totalSentBytes: 0,
    totalReceivedBytes: 0,
    connectNs: null,
    rttNs: 0,
    retransmits: 0,
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
    timeWait: false,
    drops: 0,
    namespace: 1,
    errno: 0,
    ...changes,
  }
}

describe('bytes of processes by their connections', () => {
  test('are the sums over those that they own', () => {
    const records = addBytes(
      [processOf(1), processOf(2)],
      [
        connection({ owner: 2, sentBytes: 5, receivedBytes: 7 }),
        connection({ owner: 2, sentBytes: 1, endedNs: 9 }),
        connection({ owner: 1 }),
      ],
    )
    expect(records.map(({ pid, tcp }) => ({ pid, ...tcp }))).toEqual([
      { pid: 1, sentBytes: 0, receivedBytes: 0 },
      { pid: 2, sentBytes: 6, receivedBytes: 7 },
    ])
  })

  test('make a row for an owner that did nothing else', () => {
    const records = addBytes([], [connection({ owner: 9, name: 'idle', receivedBytes: 3 })])
    expect(records).toMatchObject([{ pid: 9, name: 'idle', exited: false, tcp: { sentBytes: 0, receivedBytes: 3 } }])
  })

  test('are the listener’s until somebody accepts, as in the rows of connections', () => {
    const listener = connection({
      id: 2,
      owner: 4,
      name: 'server',
      state: 'LISTEN',
      remote: { address: '0.0.0.0', port: 0 },
    })
    const records = addBytes([processOf(4)], [listener, connection({ owner: 0, receivedBytes: 11 })])
    expect(records.map(({ pid, tcp }) => [pid, tcp.receivedBytes])).toEqual([[4, 11]])
  })
})
