import { describe, expect, test } from 'vitest'
import type { Found } from '../../../../src/tracers/connections/compat/dumps.ts'
import { CompatRecords, wasInUse } from '../../../../src/tracers/connections/compat/records.ts'

const [ESTABLISHED, CLOSE_WAIT, LISTEN] = [1, 8, 10]

function found(change: Partial<Found> = {}): Found {
  return {
    local: { family: 'ipv6', address: '::1', port: 1 },
    remote: { family: 'ipv6', address: '::1', port: 2 },
    ...{ cookie: 5, namespace: 7, busy: false, device: 0, state: ESTABLISHED, inode: 9, onlyV6: false, mptcp: false },
    ...{ receiveQueue: 0, sendQueue: 0, sentBytes: 0, receivedBytes: 0, rttNs: 1000, minRttNs: 900, retransmits: 0 },
    ...{ retransmittedBytes: 0, segments: 1, isFastOpen: false, drops: 0 },
    ...change,
  }
}

/** Records of sockets whose file one process has open, or nobody. */
function start(holder: { pid: number; name: string } | null = null) {
  const owners = { holder, get: () => owners.holder }
  return { owners, records: new CompatRecords(owners) }
}

describe('the record of an open socket', () => {
  test('counts on from the one before, with one id', () => {
    const { records } = start()
    const first = records.open(found({ sentBytes: 10, receivedBytes: 1 }), undefined, false)
    const second = records.open(found({ sentBytes: 25, receivedBytes: 1 }), undefined, false)
    expect(first).toMatchObject({ sentBytes: 10, receivedBytes: 1, opened: true, older: false, direction: null })
    expect(second).toMatchObject({ id: first.id, sentBytes: 15, receivedBytes: 0, totalSentBytes: 25, opened: false })
    expect(records.open(found({ cookie: 6 }), undefined, false).id).not.toBe(first.id)
  })

  test('of one older than the tool has moved nothing yet', () => {
    const { records } = start()
    const older = records.open(found({ sentBytes: 10, receivedBytes: 3 }), undefined, true)
    expect(older).toMatchObject({ sentBytes: 0, receivedBytes: 0, totalSentBytes: 10, older: true, opened: false })
    expect(records.open(found({ sentBytes: 11, receivedBytes: 3 }), undefined, false)).toMatchObject({
      sentBytes: 1,
      older: true,
    })
  })

  test('takes the FIN of the peer off again, and keeps what a reset cleared', () => {
    const { records } = start()
    records.open(found({ sentBytes: 10, receivedBytes: 3 }), undefined, false)
    const shut = records.open(found({ sentBytes: 10, receivedBytes: 4, state: CLOSE_WAIT }), undefined, false)
    expect(shut).toMatchObject({ state: 'CLOSE_WAIT', receivedBytes: 0, totalReceivedBytes: 3 })
    expect(records.open(found(), undefined, false)).toMatchObject({
      sentBytes: 0,
      totalSentBytes: 10,
      totalReceivedBytes: 3,
    })
  })

  test('of one that could not be asked for is the one before', () => {
    const { records } = start()
    records.open(found({ sentBytes: 10 }), undefined, false)
    const busy = records.open(found({ sentBytes: 10, busy: true }), undefined, false)
    expect(busy).toMatchObject({ busy: true, sentBytes: 0, totalSentBytes: 10 })
    expect(records.open(found({ sentBytes: 30 }), undefined, false)).toMatchObject({ busy: false, sentBytes: 20 })
  })

  test('has the holder as owner, and the last one when nobody holds it any more', () => {
    const { owners, records } = start({ pid: 42, name: 'server' })
    expect(records.open(found(), undefined, false)).toMatchObject({ owner: 42, name: 'server' })
    owners.holder = null
    expect(records.open(found(), undefined, false)).toMatchObject({ owner: 42, name: 'server' })
    expect(records.open(found({ cookie: 6 }), undefined, false)).toMatchObject({ owner: 0, name: '' })
  })

  test('of a listening socket counts drops since it was last seen, over the end of 32 bits', () => {
    const { records } = start()
    const listening = (drops: number, older = false) => records.open(found({ state: LISTEN, drops }), undefined, older)
    expect(listening(2 ** 32 - 1, true)).toMatchObject({ drops: 0, opened: false })
    expect(listening(2)).toMatchObject({ drops: 3, totalDrops: 2 })
  })

  test('is forgotten unless its socket, or a connection between its ends, is kept', () => {
    const { records } = start()
    records.open(found(), undefined, false)
    records.keep(new Set(['7:5']), new Set())
    expect(records.get(found())).toBeDefined()
    records.keep(new Set(), new Set(['::1|1|::1|2']))
    expect(records.byEnds().size).toBe(1)
    records.keep(new Set(), new Set())
    expect(records.get(found())).toBeUndefined()
  })
})

test('whether a socket was in use is told by what moved', () => {
  expect(wasInUse(found({ rttNs: 0 }), null)).toBe(false)
  expect(wasInUse(found({ rttNs: 1 }), null)).toBe(true)
  expect(wasInUse(found({ rttNs: 0, receivedBytes: 1 }), null)).toBe(true)
})
