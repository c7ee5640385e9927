import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Netlink } from '../../../../src/bpf/netlink.ts'
import {
  type DiagSocket,
  DUMPS,
  LISTEN,
  NETLINK_SOCK_DIAG,
  requestFor,
  socketsIn,
} from '../../../../src/tracers/connections/compat/diag.ts'
import { cutOff, damaged, diagDatagrams } from '../../../support/golden/bytes.ts'

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** What an own netlink socket is answered; it takes no rights. */
function ask(...requests: readonly Uint8Array[]): DiagSocket[] {
  const netlink = new Netlink(NETLINK_SOCK_DIAG)
  try {
    return requests.flatMap(request => {
      netlink.send(request)
      const sockets: DiagSocket[] = []
      for (let datagram = netlink.receive(); datagram !== null; datagram = netlink.receive())
        sockets.push(...socketsIn(datagram))
      return sockets
    })
  } finally {
    netlink.close()
  }
}

describe('datagrams of inet_diag that were recorded', () => {
  const datagrams = diagDatagrams()

  test('tell sockets of both families, those that listen, and those that were destroyed', () => {
    const sockets = datagrams.flatMap(datagram => socketsIn(viewOf(datagram)))
    expect(sockets.length).toBeGreaterThan(20)
    const isOf = (port: number) => (socket: DiagSocket) => socket.local.port === port
    const [v4, v6, both] = [18_080, 18_081, 18_082].map(port =>
      sockets.filter(isOf(port)).find(({ state }) => state === LISTEN),
    )
    expect(v4).toMatchObject({ local: { family: 'ipv4', address: '127.0.0.1' }, remote: { port: 0 }, sendQueue: 511 })
    expect(v6).toMatchObject({ local: { family: 'ipv6', address: '::1' } })
    expect(both).toMatchObject({ local: { family: 'ipv6', address: '::' }, onlyV6: false, mptcp: false })
    // what the server sent, its client received: the load sends 5000 bytes for each 1000
    for (const socket of sockets.filter(isOf(18_080)).filter(({ state }) => state === 1))
      expect(socket.sentBytes).toBe(5 * socket.receivedBytes)
  })

  test('that are cut off say so, and never are read beyond their end', () => {
    for (const datagram of datagrams) {
      for (const part of cutOff(datagram, 100)) readOrRefuse(part)
    }
    const [first = new Uint8Array()] = datagrams.filter(({ length }) => length > 200)
    expect(() => socketsIn(viewOf(first.slice(0, 100)))).toThrow('inet_diag: a message is cut off')
  })

  test('that are damaged are read to their end, once', () => {
    for (const datagram of datagrams.slice(0, 40)) for (const other of damaged(datagram, 100)) readOrRefuse(other)
  })

  function readOrRefuse(bytes: Uint8Array): void {
    try {
      // a socket takes 72 bytes at the least
      expect(socketsIn(viewOf(bytes)).length).toBeLessThanOrEqual(bytes.length / 72)
    } catch (error) {
      expect(error).toMatchObject({ message: expect.stringMatching(/^inet_diag: /) })
    }
  }
})

test('the sockets of this process are told, all and one by one', async () => {
  const server = createServer({ allowHalfOpen: true })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const accepted = once(server, 'connection')
  const client = connect(port, '127.0.0.1')
  const [peer] = await accepted
  try {
    client.write('12345')
    await once(peer, 'data')
    const all = ask(...DUMPS.map(dump => dump()))
    const listening = all.filter(socket => socket.local.port === port && socket.state === LISTEN)
    expect(listening).toMatchObject([{ local: { family: 'ipv4', address: '127.0.0.1', port }, receiveQueue: 0 }])
    const [own, ...others] = all.filter(socket => socket.remote.port === port)
    expect(others).toEqual([])
    expect(own).toMatchObject({ local: { port: client.localPort }, sentBytes: 5, receivedBytes: 0, state: 1 })
    expect(all.filter(({ local, remote }) => local.port === port && remote.port !== 0)).toMatchObject([
      { remote: { port: client.localPort }, sentBytes: 0, receivedBytes: 5 },
    ])
    if (own === undefined) return
    expect(ask(requestFor(own))).toMatchObject([{ cookie: own.cookie, local: own.local, remote: own.remote }])
    // by its two ends, and one that is not there
    expect(ask(requestFor({ ...own, cookie: null }))).toMatchObject([{ cookie: own.cookie }])
    expect(ask(requestFor({ ...own, cookie: own.cookie + 1 }))).toEqual([])
  } finally {
    client.destroy()
    peer.destroy()
    server.close()
  }
})
