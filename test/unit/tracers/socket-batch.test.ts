import { expect, test } from 'vitest'
import { JoinedBatch } from '../../../src/table/batch.ts'
import type { SocketOffsets } from '../../../src/tracers/connections/sockets/offsets.ts'
import type { ConnectionRecords } from '../../../src/tracers/connections/sockets/record.ts'
import { socketRows } from '../../../src/tracers/connections/sockets/rows.ts'

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

/** Two sockets, and how often the memory that they lie in was released. */
function twoSockets(): { sockets: ConnectionRecords; released: () => number } {
  let released = 0
  const bytes = new DataView(new ArrayBuffer(AT.size * 3), AT.size)
  for (const [i, owner] of [100, 200].entries()) {
    bytes.setUint32(i * AT.size + AT.id, i + 1, true)
    bytes.setUint32(i * AT.size + AT.owner, owner, true)
  }
  const release = (): void => {
    released++
  }
  return { sockets: socketRows({ bytes, hold() {}, release }, AT), released: () => released }
}

test('each field is read where it lies, and a record of all of them can be kept', () => {
  const { sockets } = twoSockets()
  expect([sockets.length, sockets.get(0, 'id'), sockets.get(1, 'owner')]).toEqual([2, 1, 200])
  const record = sockets.at(1)
  sockets.release()
  expect(record).toMatchObject({ id: 2, owner: 200, rttMinNs: 0, state: 'UNKNOWN', local: { port: 0 } })
})

test('what is held can be read until it was released as often, and is an error after that', () => {
  const { sockets, released } = twoSockets()
  sockets.hold().release()
  expect([sockets.get(0, 'id'), released()]).toEqual([1, 0])
  sockets.release()
  sockets.release()
  expect(released()).toBe(1)
  expect(() => sockets.get(0, 'id')).toThrow(RangeError)
  expect(() => sockets.at(1)).toThrow(RangeError)
})

test('there is no record beyond the last', () => {
  expect(() => twoSockets().sockets.get(2, 'owner')).toThrow(RangeError)
})

test('several batches are one, and are held and released together', () => {
  const [first, second] = [twoSockets(), twoSockets()]
  const joined = new JoinedBatch([first.sockets, second.sockets])
  expect([0, 1, 2, 3].map(i => joined.get(i, 'owner'))).toEqual([100, 200, 100, 200])
  expect(joined.at(3)).toEqual(second.sockets.at(1))
  joined.hold().release()
  expect([first.released(), second.released()]).toEqual([0, 0])
  joined.release()
  expect([first.released(), second.released()]).toEqual([1, 1])
})
