import { expect, test } from 'vitest'
import type { SocketOffsets } from '../../../src/tracers/connections/socket-offsets.ts'
import { RowsOfSockets } from '../../../src/tracers/connections/socket-rows.ts'

/** A layout of its own. */
const AT: SocketOffsets = {
  noRtt: 0xffffffff,
  ...{ size: 256, id: 0, started: 8, ended: 16, connect: 24, sent: 32, received: 40, totalSent: 48, totalReceived: 56 },
  ...{ acceptable: 64, accepted: 72, rtt: 80, retransmits: 84, owner: 88, handshake: 92, rttMin: 96, segments: 100 },
  ...{ receiveQueue: 104, sendQueue: 108, drops: 112, totalDrops: 116, namespace: 120, family: 124, localPort: 126 },
  ...{
    remotePort: 128,
    error: 130,
    state: 132,
    direction: 133,
    older: 134,
    opened: 135,
    acceptedNow: 136,
    closer: 137,
  },
  ...{
    reset: 138,
    held: 139,
    zeroWindow: 140,
    timeWait: 141,
    busy: 142,
    local: 144,
    remote: 160,
    name: 176,
    ownerStarted: 192,
    listener: 200,
    mptcp: 208,
    retransmitted: 224,
    device: 216,
    established: 220,
  },
}

/** Two sockets, in memory with something before them, and that memory. */
function twoSockets(): { rows: RowsOfSockets; memory: ArrayBuffer } {
  const memory = new ArrayBuffer(AT.size * 3)
  const view = new DataView(memory, AT.size)
  for (const [i, owner] of [100, 200].entries()) {
    view.setUint32(i * AT.size + AT.id, i + 1, true)
    view.setUint32(i * AT.size + AT.owner, owner, true)
  }
  return { rows: new RowsOfSockets(view, AT), memory }
}

test('what was kept can be read when its memory is used again, and so can records that were taken out before', () => {
  const { rows, memory } = twoSockets()
  const record = rows.at(1)
  rows.keep()
  rows.keep()
  new Uint8Array(memory).fill(0xff)
  memory.transfer()
  expect([rows.length, rows.idAt(0), rows.ownerAt(1)]).toEqual([2, 1, 200])
  expect([record?.id, record?.owner, rows.at(0)?.owner]).toEqual([2, 200, 100])
})

test('what was not kept cannot be read when its memory is used again', () => {
  const { rows, memory } = twoSockets()
  const record = rows.at(1)
  memory.transfer()
  expect(() => rows.idAt(0)).toThrow(TypeError)
  expect(() => record?.id).toThrow(TypeError)
})
