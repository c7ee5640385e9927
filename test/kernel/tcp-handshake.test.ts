import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { endOf, listenerOn, lostConnections } from '../support/connections.ts'
import { FAR, twoHosts } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { sum, Top, tells } from '../support/top.ts'

const MILLISECOND = 1e6

/** Bytes that go with a SYN. */
const FIRST = 100
const ANSWER = 300

/** Two hosts that know Fast Open, each other's cookie, and a server that listens. */
async function fastHosts(...options: readonly string[]) {
  const hosts = await twoHosts()
  for (const host of [hosts.near, hosts.far]) host.sysctl('net.ipv4.tcp_fastopen', 3)
  const server = new Sockets(hosts.far.name)
  const client = new Sockets(hosts.near.name)
  const port = await server.ask('listen', 0, FAR, 0, 10, 'fastopen', ...options)
  // the first one gets the cookie
  await client.tell('connect', 0, FAR, port, 'fastopen')
  await server.tell('accept', 1, 0)
  for (const [who, slot] of [
    [client, 0],
    [server, 1],
  ] as const)
    await who.tell('close', slot)
  return { ...hosts, server, client, port }
}

describe('a connection by TCP Fast Open', () => {
  test.each(['stays open', 'is closed by the server', 'is reset by the server'])(
    'that is accepted before its handshake is over and %s is one row at each end, with all bytes',
    async how => {
      const { server, client, port, wire } = await fastHosts()
      const oneWay = 400
      const top = await Top.start('-d', 0.2)
      await wire.tell('delay', oneWay)
      const [errno, local = 0] = await client.tell('connect', 0, FAR, port, 'fastopen')
      expect(errno).toBe(0)
      await server.tell('accept', 1, 0)
      await server.tell('receive', 1, FIRST, 'read')
      await server.tell('send', 1, ANSWER, 'write')
      if (how.endsWith('closed by the server')) await server.tell('close', 1)
      if (how.endsWith('reset by the server')) await server.tell('reset', 1)
      await setTimeout(3 * oneWay)
      if (how !== 'is reset by the server') await client.tell('receive', 0, ANSWER, 'read')
      await client.tell('close', 0)
      await setTimeout(2 * oneWay)
      if (how === 'stays open') await server.tell('close', 1)
      await setTimeout(3 * oneWay)
      const samples = await top.finish()
      const rows = endOf(samples, port, local)
      if (how === 'is reset by the server' && !tells('resets')) {
        expect(rows).toEqual([])
        // the server's end, and the client's where its answer came after the last look at it, together with the reset
        const seen = endOf(samples, local, port).at(-1)?.total_received_bytes
        expect(lostConnections(samples)).toBe(seen === ANSWER ? 1 : 2)
        return
      }
      expect(new Set(rows.map(row => row.id)).size).toBe(1)
      expect(rows.filter(row => row.opened)).toHaveLength(1)
      expect(rows.filter(row => row.closed)).toHaveLength(1)
      for (const row of rows) {
        expect(row).toMatchObject({ direction: 'inbound', established: true, age_is_minimum: false, error: null })
      }
      expect(sum(rows, row => row.received_bytes)).toBe(FIRST)
      expect(sum(rows, row => row.sent_bytes)).toBe(ANSWER)
      expect(rows.at(-1)).toMatchObject({ pid: server.pid, total_received_bytes: FIRST, total_sent_bytes: ANSWER })
      if (tells('handshakes and accepts')) {
        expect(sum(listenerOn(samples, port), row => row.accepts ?? 0)).toBe(1)
        // it waited from its SYN on
        expect(rows.at(-1)?.accept_wait_ns).toBeGreaterThan(0)
      }
      const outbound = endOf(samples, local, port)
      expect(outbound.filter(row => row.opened)).toHaveLength(1)
      expect(sum(outbound, row => row.sent_bytes)).toBe(FIRST)
      expect(lostConnections(samples)).toBe(0)
    },
  )

  test('whose SYN waits for the first bytes begins with them', async () => {
    const { client, server, port, wire } = await fastHosts()
    const oneWay = 30
    const idle = 1_000
    await wire.tell('delay', oneWay)
    const top = await Top.start('-d', 0.2)
    const [errno, local = 0] = await client.tell('connect', 0, FAR, port, 'deferred')
    expect(errno).toBe(0)
    await setTimeout(idle)
    await client.tell('send', 0, FIRST, 'write')
    await server.tell('accept', 1, 0)
    await server.tell('receive', 1, FIRST, 'read')
    await setTimeout(4 * oneWay)
    await client.tell('close', 0)
    await server.tell('close', 1)
    // its FIN is under way
    await setTimeout(4 * oneWay)
    const rows = endOf(await top.finish(), local, port)
    expect(rows.at(-1)).toMatchObject({ closed: true, established: true, total_sent_bytes: FIRST })
    if (tells('handshakes and accepts')) {
      expect(rows.at(-1)?.connect_latency_ns).toBeGreaterThanOrEqual(2 * oneWay * MILLISECOND)
      expect(rows.at(-1)?.connect_latency_ns).toBeLessThan(idle * MILLISECOND)
    } else {
      expect(rows.at(-1)?.connect_latency_ns).toBeNull()
    }
  })

  test('that is never sent was never established', async () => {
    const { client, port } = await fastHosts()
    const top = await Top.start('-d', 0.2)
    await client.tell('connect', 0, FAR, port, 'deferred')
    await client.tell('close', 0)
    const rows = (await top.finish()).flatMap(sample => sample.connections).filter(row => row.pid === client.pid)
    expect(rows.filter(row => row.closed)).toMatchObject([{ established: false, error: null, total_sent_bytes: 0 }])
    expect(rows.filter(row => row.established)).toEqual([])
  })
})

describe('the handshake of an inbound connection', () => {
  test.each([
    { how: 'waits for the first bytes (TCP_DEFER_ACCEPT)', option: 'defer', cookies: 1 },
    { how: 'is answered by SYN cookies', option: 'reuseport', cookies: 2 },
  ])('is not told where it $how', async ({ option, cookies }) => {
    const { far, near, wire } = await twoHosts()
    far.sysctl('net.ipv4.tcp_syncookies', cookies)
    const server = new Sockets(far.name)
    const client = new Sockets(near.name)
    const port = await server.ask('listen', 0, FAR, 0, 10, option)
    await wire.tell('delay', 5)
    const top = await Top.start('-d', 0.2)
    for (let i = 0; i < 5; i++) {
      const local = await client.connect(0, FAR, port)
      await setTimeout(120)
      await client.tell('send', 0, 10, 'write')
      await server.tell('accept', 1, 0)
      await server.tell('receive', 1, 10, 'read')
      await server.tell('close', 1)
      await client.tell('end', 0)
      await client.tell('close', 0)
      await top.fresh()
      const rows = endOf(top.samples, port, local)
      expect(rows.at(-1)).toMatchObject({ direction: 'inbound', established: true, handshake_latency_ns: null })
      expect(rows.filter(row => row.opened)).toHaveLength(1)
    }
    await top.stop()
  })

  test('whose SYN was sent again has no data sent again', async () => {
    const { near, far, wire } = await twoHosts()
    const server = new Sockets(far.name)
    const client = new Sockets(near.name)
    const port = await server.ask('listen', 0, FAR, 0, 10)
    const top = await Top.start('-d', 0.2)
    await wire.tell('cut')
    await client.tell('connect', 0, FAR, port, 'nonblock')
    await setTimeout(1_500)
    await wire.tell('drop', 0)
    await server.tell('accept', 1, 0)
    await client.tell('send', 0, 10, 'write')
    await server.tell('receive', 1, 10, 'read')
    const [row] = (await top.fresh()).connections.filter(({ pid }) => pid === client.pid)
    expect(row).toMatchObject({ established: true, retransmitted_bytes: 0, total_sent_bytes: 10 })
    expect(row?.retransmits).toBeGreaterThan(0)
    expect(row?.connect_latency_ns).toBeGreaterThanOrEqual(1_000 * MILLISECOND)
    await top.stop()
  })
})
