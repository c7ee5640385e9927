import { describe, expect, test } from 'vitest'
import { endOf, lostConnections } from '../support/connections.ts'
import { askSs } from '../support/network.ts'
import { connectedPair } from '../support/pair.ts'
import { Sockets } from '../support/sockets.ts'
import { type JsonSample, sum, Top, tells } from '../support/top.ts'

const BYTES = 3_000_017

function bytesOf(samples: readonly JsonSample[], pid: number, transport: 'tcp' | 'udp' | 'other') {
  const rows = samples.flatMap(sample => sample.processes).filter(row => row.pid === pid)
  return {
    sent: sum(rows, row => row.transports[transport].sent_bytes),
    received: sum(rows, row => row.transports[transport].received_bytes),
  }
}

describe('bytes of a TCP connection and of its processes', () => {
  test.each([
    ['write', 'read'],
    ['sendmsg', 'recvmsg'],
    ['sendfile', 'read'],
    ['splice', 'splice'],
    ['uring', 'uring'],
    ['zerocopy', 'read'],
  ] as const)(
    'sent with %s and received with %s are what the calls returned, and what ss says',
    async (send, receive) => {
      const { server, client, port, local, top } = await connectedPair()
      // what is only looked at is not received
      await client.tell('send', 0, 11, 'write')
      await server.tell('receive', 1, 11, 'peek')
      const [sent, received] = await Promise.all([
        client.ask('send', 0, BYTES, send),
        server.ask('receive', 1, 11 + BYTES, receive),
      ])
      expect([sent, received]).toEqual([BYTES, 11 + BYTES])
      const open = await top.fresh()
      const [near] = endOf([open], local, port)
      const [far] = endOf([open], port, local)
      expect(near?.total_sent_bytes).toBe(11 + BYTES)
      expect(near?.total_sent_bytes).toBe(askSs(local, port).sent)
      expect(far?.total_received_bytes).toBe(11 + BYTES)
      expect(far?.total_received_bytes).toBe(askSs(port, local).received)
      await client.tell('close', 0)
      await server.tell('end', 1)
      await server.tell('close', 1)
      const samples = await top.finish()
      for (const [rows, figures] of [
        [endOf(samples, local, port), { sent: 11 + BYTES, received: 0 }],
        [endOf(samples, port, local), { sent: 0, received: 11 + BYTES }],
      ] as const) {
        expect(sum(rows, row => row.sent_bytes)).toBe(figures.sent)
        expect(sum(rows, row => row.received_bytes)).toBe(figures.received)
        expect(rows.at(-1)).toMatchObject({
          closed: true,
          total_sent_bytes: figures.sent,
          total_received_bytes: figures.received,
        })
      }
      const isTold = receive !== 'splice' || tells('splice')
      expect(bytesOf(samples, client.pid, 'tcp')).toEqual({ sent: 11 + BYTES, received: 0 })
      expect(bytesOf(samples, server.pid, 'tcp')).toEqual({ sent: 0, received: isTold ? 11 + BYTES : 0 })
      expect(sum(samples, sample => sample.lost.bytes)).toBe(0)
      expect(lostConnections(samples)).toBe(0)
    },
  )

  test('are told while the peer’s end of the stream is there and this end is not closed', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, '::1', 0, 10)
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, '::1', port)
    await server.tell('accept', 1, 0)
    await client.tell('send', 0, 777, 'write')
    await client.tell('shutdown', 0)
    await server.tell('receive', 1, 777, 'read')
    await server.tell('end', 1)
    const half = await top.fresh()
    expect(endOf([half], port, local)).toMatchObject([
      { family: 'ipv6', state: 'CLOSE_WAIT', total_received_bytes: 777, closed_by: 'remote', closed: false },
    ])
    expect(endOf([half], local, port)).toMatchObject([
      { state: 'FIN_WAIT2', total_sent_bytes: 777, closed_by: 'local', closed: false },
    ])
    // the kernel's own counter takes the end for one more byte
    expect(askSs(port, local).received).toBe(778)
    await top.stop()
  })
})

test.each(['127.0.0.1', '::1'])('datagrams over %s are bytes of their processes, as UDP', async address => {
  const receiver = new Sockets()
  const sender = new Sockets()
  const port = await receiver.ask('udp', 0, address)
  const top = await Top.start('-d', 0.2)
  await sender.tell('udp', 0, address)
  expect(await sender.ask('to', 0, address, port, 1_201)).toBe(1_201)
  expect(await sender.ask('to', 0, address, port, 37)).toBe(37)
  expect(await receiver.ask('receive', 0, 1_238, 'read')).toBe(1_238)
  const samples = await top.finish()
  expect(bytesOf(samples, sender.pid, 'udp')).toEqual({ sent: 1_238, received: 0 })
  expect(bytesOf(samples, receiver.pid, 'udp')).toEqual({ sent: 0, received: 1_238 })
  expect(bytesOf(samples, sender.pid, 'tcp')).toEqual({ sent: 0, received: 0 })
  expect(bytesOf(samples, receiver.pid, 'other')).toEqual({ sent: 0, received: 0 })
})
