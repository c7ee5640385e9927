import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lostConnections } from '../support/connections.ts'
import { FAR, Namespace, twoHosts } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { StateChanges } from '../support/state-changes.ts'
import { sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

/** Numbers of enum tcp_state. */
const SYN_RECV = 3
const CLOSE = 7

/** Connections that stay, from before the tool and from after its start, the bytes on each, and how many come and go. */
const OLDER = 100
const NEWER = 200
const UP = 100
const CHURN = 5000

/** Buckets of the table of connections in network namespaces that are made from now on; 0: one table for all. */
function setBuckets(count: number): void {
  writeFileSync('/proc/sys/net/ipv4/tcp_child_ehash_entries', `${count}`)
}

/** A network namespace where the kernel has to go through all connections to get from one to the next. */
function namespaceOfOneBucket(): Namespace {
  setBuckets(1)
  try {
    return new Namespace()
  } finally {
    setBuckets(0)
  }
}

describe('TCP connections whose segments arrive twice, on two processors at a time', () => {
  // each of the two makes a socket for the connection, and one of these is thrown away
  test('are each there once for each end', async () => {
    const count = 100
    const up = 50
    const down = 70
    const thrownAway = new StateChanges(`oldstate == ${SYN_RECV} && newstate == ${CLOSE}`)
    const { near, far, wire } = await twoHosts()
    const server = new Sockets(far.name)
    const client = new Sockets(near.name)
    const port = await server.ask('listen', 0, FAR, 0, 10)
    const top = await Top.start('-d', 0.2)
    await wire.tell('twice', 1)
    for (let i = 0; i < count; i++) {
      await client.connect(0, FAR, port)
      await server.tell('accept', 1, 0)
      await client.tell('send', 0, up, 'write')
      await server.tell('receive', 1, up, 'read')
      await server.tell('send', 1, down, 'write')
      await client.tell('receive', 0, down, 'read')
      await client.tell('close', 0)
      await server.tell('end', 1)
      await server.tell('close', 1)
    }
    await wire.tell('twice', 0)
    const samples = await top.finish()
    expect(thrownAway.count).toBeGreaterThan(0)
    for (const [pid, direction, sent, received] of [
      [client.pid, 'outbound', up, down],
      [server.pid, 'inbound', down, up],
    ] as const) {
      const rows = samples.flatMap(sample => sample.connections).filter(row => row.pid === pid)
      const ended = rows.filter(row => row.closed)
      expect(ended).toHaveLength(count)
      expect(new Set(ended.map(({ id }) => id)).size).toBe(count)
      expect(sum(rows, row => row.sent_bytes)).toBe(count * sent)
      expect(sum(rows, row => row.received_bytes)).toBe(count * received)
      for (const row of ended) {
        expect(row).toMatchObject({ direction, total_sent_bytes: sent, total_received_bytes: received })
      }
    }
    expect(lostConnections(samples)).toBe(0)
  })
})

describe('TCP connections that share a bucket with many that come and go', () => {
  // where the kernel tells of sockets by their place in the bucket, it tells some twice and passes others over
  test('are each in every sample once, with exact bytes', async () => {
    const host = namespaceOfOneBucket()
    const sockets = new Sockets(host.name)
    const port = await sockets.ask('listen', 0, '127.0.0.1', 0, 10)
    const churn = await Workload.startWithin(host.name, 'tcp', 'ipv4', 11, 13, CHURN)
    const connect = async (slot: number): Promise<void> => {
      await sockets.connect(slot, '127.0.0.1', port)
      await sockets.tell('accept', slot + 1, 0)
      await sockets.tell('send', slot, UP, 'write')
      await sockets.tell('receive', slot + 1, UP, 'read')
    }
    for (let i = 0; i < OLDER; i++) await connect(1 + 2 * i)
    const top = await Top.start('-d', 0.2)
    for (let i = OLDER; i < OLDER + NEWER; i++) await connect(1 + 2 * i)
    await top.fresh()
    const from = top.samples.length
    const [server = 0, client = 0] = await churn.work()
    await churn.step('closed')
    const samples = await top.finish()
    await churn.end()
    const rowsOf = (pid: number, of = samples) =>
      of.flatMap(({ connections }) => connections).filter(row => row.pid === pid)
    for (const sample of samples.slice(from)) {
      const rows = rowsOf(sockets.pid, [sample])
      expect(rows).toHaveLength(2 * (OLDER + NEWER))
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    }
    expect(sum(rowsOf(sockets.pid), row => row.sent_bytes)).toBe(NEWER * UP)
    expect(sum(rowsOf(sockets.pid), row => row.received_bytes)).toBe(NEWER * UP)
    for (const [pid, sent, received] of [
      [client, 11, 13],
      [server, 13, 11],
    ] as const) {
      const rows = rowsOf(pid)
      expect(rows.filter(row => row.closed)).toHaveLength(CHURN)
      expect(samples.filter(sample => rowsOf(pid, [sample]).length > 0).length).toBeGreaterThan(1)
      expect(sum(rows, row => row.sent_bytes)).toBe(CHURN * sent)
      expect(sum(rows, row => row.received_bytes)).toBe(CHURN * received)
    }
    expect(lostConnections(samples)).toBe(0)
  })
})
