import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { endOf } from '../support/connections.ts'
import { askSs, FAR, twoHosts } from '../support/network.ts'
import { connectedPair } from '../support/pair.ts'
import { Sockets } from '../support/sockets.ts'
import { Top, tells } from '../support/top.ts'

const HOST = '127.0.0.1'
const MILLISECOND = 1e6

describe('delays of a TCP connection', () => {
  test('over a slow wire are at least those of the wire, at both ends', async () => {
    const oneWay = 60
    const { near, far, wire } = await twoHosts()
    await wire.tell('delay', oneWay)
    const server = new Sockets(far.name)
    const client = new Sockets(near.name)
    const port = await server.ask('listen', 0, FAR, 0, 10)
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, FAR, port)
    await server.tell('accept', 1, 0)
    await client.tell('send', 0, 5_000, 'write')
    await server.tell('receive', 1, 5_000, 'read')
    await setTimeout(3 * oneWay)
    await client.tell('close', 0)
    await server.tell('end', 1)
    await server.tell('close', 1)
    await setTimeout(3 * oneWay)
    const samples = await top.finish()
    const outbound = endOf(samples, local, port).at(-1)
    const inbound = endOf(samples, port, local).at(-1)
    expect(outbound).toMatchObject({ direction: 'outbound', closed: true, handshake_latency_ns: null, retransmits: 0 })
    expect(inbound).toMatchObject({ direction: 'inbound', closed: true, connect_latency_ns: null })
    expect(outbound?.connect_latency_ns).toBeGreaterThanOrEqual(2 * oneWay * MILLISECOND)
    if (tells('handshakes and accepts')) {
      expect(inbound?.handshake_latency_ns).toBeGreaterThanOrEqual(2 * oneWay * MILLISECOND)
    } else expect(inbound?.handshake_latency_ns).toBeNull()
    for (const row of [outbound, inbound]) {
      expect(row?.rtt_min_ns).toBeGreaterThanOrEqual(2 * oneWay * MILLISECOND)
      expect(row?.rtt_ns).toBeGreaterThanOrEqual(row?.rtt_min_ns ?? Infinity)
    }
  })

  if (tells('handshakes and accepts')) {
    test('before accept are at least as long as the server let it wait', async () => {
      const wait = 300
      const server = new Sockets()
      const client = new Sockets()
      const port = await server.ask('listen', 0, HOST, 0, 10)
      const top = await Top.start('-d', 0.2)
      const local = await client.connect(0, HOST, port)
      await setTimeout(wait)
      const waiting = await top.fresh()
      expect(endOf([waiting], port, local)).toMatchObject([{ accept_wait_ns: null, direction: 'inbound' }])
      await server.tell('accept', 1, 0)
      const accepted = endOf([await top.fresh()], port, local).at(0)
      expect(accepted?.accept_wait_ns).toBeGreaterThanOrEqual(wait * MILLISECOND)
      expect(accepted?.handshake_latency_ns).toBeGreaterThan(0)
      // it waits no longer than it is old
      expect(accepted?.accept_wait_ns).toBeLessThanOrEqual((accepted?.age_seconds ?? 0) * 1e9)
      await top.stop()
    })
  }

  test('where segments get lost: those sent again are counted as ss does', async () => {
    const bytes = 400_000
    const { near, far, wire } = await twoHosts()
    const server = new Sockets(far.name)
    const client = new Sockets(near.name)
    const port = await server.ask('listen', 0, FAR, 0, 10)
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, FAR, port)
    await server.tell('accept', 1, 0)
    await wire.tell('drop', 10)
    await Promise.all([client.tell('send', 0, bytes, 'write'), server.tell('receive', 1, bytes, 'read')])
    await wire.tell('drop', 0)
    // until nothing is under way any more
    await setTimeout(500)
    const [row] = endOf([await top.fresh()], local, port)
    const seen = askSs(local, port, near)
    expect(seen.retransmits).toBeGreaterThan(0)
    expect(row?.retransmits).toBe(seen.retransmits)
    expect(row?.segments_sent).toBe(seen.segments)
    // what was sent twice is counted once
    expect(row?.total_sent_bytes).toBe(bytes)
    expect(seen.sent).toBe(bytes)
    const [far_] = endOf(top.samples.slice(-1), port, local)
    expect(far_).toMatchObject({ total_received_bytes: bytes, retransmits: 0 })
    await top.stop()
  })
})

describe('the end of a TCP connection', () => {
  const ENDS = [
    { how: 'closed by the client', near: ['local', null], far: ['remote', null] },
    { how: 'reset by the client', near: ['local', 'sent'], far: ['remote', 'received'] },
    { how: 'closed with bytes unread', near: ['local', 'sent'], far: ['remote', 'received'] },
    { how: 'reset by the client after it had shut its side', near: ['local', 'sent'], far: ['remote', 'received'] },
  ] as const

  test.each(ENDS)('$how is told once, with who did it and the final totals', async ({ how, near, far }) => {
    const { server, client, port, local, top } = await connectedPair()
    await client.tell('send', 0, 1_000, 'write')
    await server.tell('receive', 1, 1_000, 'read')
    await server.tell('send', 1, 500, 'write')
    const unread = how === 'closed with bytes unread'
    if (!unread) await client.tell('receive', 0, 500, 'read')
    if (how.endsWith('shut its side')) await client.tell('shutdown', 0)
    const lived = 300
    await setTimeout(lived)
    await client.tell(how.startsWith('reset') ? 'reset' : 'close', 0)
    if (near[1] === null) await server.tell('end', 1)
    await server.tell('close', 1)
    const samples = await top.finish()
    for (const [rows, [closedBy, reset], sent, received] of [
      [endOf(samples, local, port), near, 1_000, 500],
      [endOf(samples, port, local), far, 500, 1_000],
    ] as const) {
      expect(rows.filter(row => row.closed)).toHaveLength(1)
      expect(rows.filter(row => row.opened)).toHaveLength(1)
      expect(rows.at(-1)).toMatchObject({
        closed: true,
        state: tells('TIME_WAIT') && closedBy === 'local' && reset === null ? 'TIME_WAIT' : 'CLOSE',
        ...(tells('resets') || reset === null ? { closed_by: closedBy, reset } : { reset: null }),
        error: null,
        total_sent_bytes: sent,
        total_received_bytes: received,
      })
      expect(rows.at(-1)?.age_seconds).toBeGreaterThanOrEqual(lived / 1000)
    }
  })

  test('by the server, within one interval, is told with all there is to tell', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const top = await Top.start('-d', 1)
    const local = await client.connect(0, HOST, port)
    await server.tell('accept', 1, 0)
    await server.tell('send', 1, 321, 'write')
    await server.tell('close', 1)
    await client.tell('receive', 0, 321, 'read')
    await client.tell('end', 0)
    await client.tell('close', 0)
    const samples = await top.finish()
    expect(endOf(samples, local, port).filter(row => row.opened && row.closed)).toMatchObject([
      { pid: client.pid, closed_by: 'remote', direction: 'outbound', received_bytes: 321, total_received_bytes: 321 },
    ])
    expect(endOf(samples, port, local).filter(row => row.opened && row.closed)).toMatchObject([
      { pid: server.pid, closed_by: 'local', direction: 'inbound', sent_bytes: 321, total_sent_bytes: 321 },
    ])
  })

  test('for want of any answer is nobody’s', async () => {
    const { near, far, wire } = await twoHosts()
    near.sysctl('net.ipv4.tcp_retries2', 1)
    const server = new Sockets(far.name)
    const client = new Sockets(near.name)
    const port = await server.ask('listen', 0, FAR, 0, 10)
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, FAR, port)
    await server.tell('accept', 1, 0)
    await wire.tell('cut')
    await client.tell('send', 0, 100, 'write')
    const deadline = Date.now() + 20_000
    const closed = () => endOf(top.samples, local, port).filter(row => row.closed)
    while (closed().length === 0 && Date.now() < deadline) await top.next()
    expect(closed()).toMatchObject([{ closed_by: null, reset: null, error: null, pid: client.pid }])
    expect(closed()[0]?.retransmits).toBeGreaterThan(0)
    await top.stop()
  })
})
