import { expect, test } from 'vitest'
import type { Found } from '../../../../src/tracers/connections/compat/dumps.ts'
import { CompatEnds } from '../../../../src/tracers/connections/compat/ends.ts'
import { CompatRecords } from '../../../../src/tracers/connections/compat/records.ts'
import type { TracedSocket } from '../../../../src/tracers/connections/compat/sockets.ts'

const NAMESPACE = 7
const [ESTABLISHED, SYN_SENT, SYN_RECV, LAST_ACK] = [1, 2, 3, 9]

function ends(port: number) {
  return {
    local: { family: 'ipv4', address: '10.0.0.1', port },
    remote: { family: 'ipv4', address: '10.0.0.2', port: 80 },
  } as const
}

/** What the changes of state told of one that closed. */
function traced(port: number, change: Partial<TracedSocket> = {}): TracedSocket {
  return {
    ...ends(port),
    ...{ startedNs: 1000, connectNs: 500, endedNs: 9000, owner: 42, name: 'client', direction: 'outbound' },
    ...{ established: true, closer: 'local', state: LAST_ACK },
    ...change,
  }
}

/** What inet_diag told of it. */
function found(port: number, change: Partial<Found> = {}): Found {
  return {
    ...ends(port),
    ...{ cookie: port, namespace: NAMESPACE, busy: false, device: 0, state: ESTABLISHED, inode: 0, onlyV6: false },
    ...{ mptcp: false, receiveQueue: 0, sendQueue: 0, sentBytes: 0, receivedBytes: 0, rttNs: 1000, minRttNs: 900 },
    ...{ retransmits: 0, retransmittedBytes: 0, segments: 1, isFastOpen: false, drops: 0 },
    ...change,
  }
}

/** Ends that are told what is put in. */
function start() {
  const told: { closed: TracedSocket[]; destroyed: Found[] } = { closed: [], destroyed: [] }
  const records = new CompatRecords({ get: () => null })
  const taken = {
    takeClosed: () => told.closed.splice(0),
    takeDestroyed: () => told.destroyed.splice(0),
  }
  return { told, records, ends: new CompatEnds(taken, taken, records, NAMESPACE) }
}

test('an end is joined with the last counters of the same two ends', () => {
  const { told, records, ends } = start()
  records.open(found(1, { sentBytes: 100, receivedBytes: 10 }), undefined, false)
  told.closed.push(traced(1), traced(2, { direction: 'inbound', closer: 'remote' }))
  told.destroyed.push(found(2, { sentBytes: 7 }), found(1, { sentBytes: 150, receivedBytes: 31 }))
  const closed = ends.take(1)
  expect(closed).toHaveLength(2)
  // LAST_ACK: the last byte received is the FIN
  expect(closed.find(({ local }) => local.port === 1)).toMatchObject({
    ...{ state: 'LAST_ACK', owner: 42, name: 'client', direction: 'outbound', closer: 'local', endedNs: 9000 },
    ...{ totalSentBytes: 150, totalReceivedBytes: 30, sentBytes: 50, receivedBytes: 20, opened: false },
  })
  expect(closed.find(({ local }) => local.port === 2)).toMatchObject({
    ...{ direction: 'inbound', closer: 'remote', totalSentBytes: 7, sentBytes: 7, opened: true },
  })
  expect(ends.take(2)).toEqual([])
  expect(ends.takeLost()).toBe(0)
})

test('last counters may come before the end, and two samples after it', () => {
  const { told, ends } = start()
  told.destroyed.push(found(1, { sentBytes: 5 }))
  expect(ends.take(1)).toEqual([])
  expect(ends.destroyed).toEqual([`${NAMESPACE}:1`])
  told.closed.push(traced(1), traced(2))
  expect(ends.take(2)).toMatchObject([{ local: { port: 1 }, totalSentBytes: 5 }])
  expect(ends.waiting).toEqual(new Set(['10.0.0.1|2|10.0.0.2|80']))
  expect(ends.take(3)).toEqual([])
  told.destroyed.push(found(2, { sentBytes: 6 }))
  expect(ends.take(4)).toMatchObject([{ local: { port: 2 }, totalSentBytes: 6 }])
  expect(ends.takeLost()).toBe(0)
})

test('one whose last counters never come has those that were seen, and is lost where none were', () => {
  const { told, records, ends } = start()
  records.open(found(1, { sentBytes: 100 }), undefined, false)
  told.closed.push(traced(1), traced(2))
  expect([...ends.take(1), ...ends.take(2)]).toEqual([])
  expect(ends.take(3)).toMatchObject([
    { local: { port: 1 }, totalSentBytes: 100, sentBytes: 0, opened: false },
    { local: { port: 2 }, totalSentBytes: 0, opened: true, namespace: NAMESPACE },
  ])
  expect(ends.takeLost()).toBe(1)
  // they come later still: with what it moved meanwhile, which is in no row
  told.destroyed.push(found(1, { sentBytes: 101 }))
  expect(ends.take(4)).toEqual([])
  expect(ends.takeLost()).toBe(1)
})

test('counters that come too late and say the same lose nothing, and neither does a FIN', () => {
  const { told, records, ends } = start()
  records.open(found(1, { sentBytes: 100, receivedBytes: 20 }), undefined, false)
  told.closed.push(traced(1))
  for (const epoch of [1, 2, 3]) ends.take(epoch)
  told.destroyed.push(found(1, { sentBytes: 100, receivedBytes: 21 }))
  expect(ends.take(4)).toEqual([])
  expect(ends.takeLost()).toBe(0)
})

test('a connect that failed waits for nothing', () => {
  const { told, ends } = start()
  told.closed.push(traced(1, { established: false, state: SYN_SENT, connectNs: null }))
  expect(ends.take(1)).toMatchObject([{ state: 'SYN_SENT', established: false, totalSentBytes: 0 }])
  expect(ends.takeLost()).toBe(0)
})

test('a socket that was thrown away out of SYN_RECV is no connection, and takes the message without bytes', () => {
  const { told, ends } = start()
  told.closed.push(traced(1, { direction: null, established: false, state: SYN_RECV }))
  told.closed.push(traced(1, { direction: 'inbound' }))
  told.destroyed.push(found(1, { cookie: 8, rttNs: 0 }), found(1, { cookie: 9, sentBytes: 3 }))
  expect(ends.take(1)).toMatchObject([{ direction: 'inbound', totalSentBytes: 3 }])
  for (const epoch of [2, 3, 4]) expect(ends.take(epoch)).toEqual([])
  expect(ends.takeLost()).toBe(0)
})

test('one that was reset has forgotten its peer: its record tells who that was', () => {
  const { told, records, ends } = start()
  records.open(found(1, { sentBytes: 100 }), undefined, false)
  told.closed.push(traced(1))
  told.destroyed.push(found(1, { remote: { family: 'ipv4', address: '0.0.0.0', port: 0 } }))
  expect(ends.take(1)).toMatchObject([{ remote: { address: '10.0.0.2', port: 80 }, totalSentBytes: 100, sentBytes: 0 }])
})

test('two between the same ends in one interval are two', () => {
  const { told, ends } = start()
  told.closed.push(traced(1, { endedNs: 2000 }), traced(1, { startedNs: 3000, endedNs: 4000 }))
  told.destroyed.push(found(1, { cookie: 1, sentBytes: 1 }), found(1, { cookie: 2, sentBytes: 2 }))
  expect(ends.take(1)).toMatchObject([
    { startedNs: 1000, endedNs: 2000, totalSentBytes: 1 },
    { startedNs: 3000, endedNs: 4000, totalSentBytes: 2 },
  ])
})

test('where there is no tracepoint, the message alone tells the end of what was seen open', () => {
  const told: Found[] = []
  const records = new CompatRecords({ get: () => null })
  const ends = new CompatEnds(null, { takeDestroyed: () => told.splice(0) }, records, NAMESPACE)
  records.open(found(1, { sentBytes: 10 }), undefined, true)
  told.push(found(1, { sentBytes: 15 }), found(2, { sentBytes: 1 }))
  expect(ends.take(1)).toMatchObject([{ local: { port: 1 }, older: true, totalSentBytes: 15, sentBytes: 5 }])
})
