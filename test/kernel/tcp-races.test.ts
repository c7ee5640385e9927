import { describe, expect, test } from 'vitest'
import { lostConnections } from '../support/connections.ts'
import { FAR, twoHosts } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { StateChanges } from '../support/state-changes.ts'
import { sum, Top } from '../support/top.ts'

/** Numbers of enum tcp_state. */
const SYN_RECV = 3
const CLOSE = 7

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
