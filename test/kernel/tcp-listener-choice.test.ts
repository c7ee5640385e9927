import { describe, expect, test } from 'vitest'
import { endOf, type Listener, listenerOn } from '../support/connections.ts'
import { Namespace } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { type JsonSample, sum, Top, tells } from '../support/top.ts'

const V4 = '127.0.0.1'
const V6 = '::1'

/** All samples, those of a walk that began after now among them: it tells what was accepted and is open. */
async function allOf(top: Top): Promise<readonly JsonSample[]> {
  await top.fresh()
  return top.finish()
}

/** Accepts of listening sockets by their ids; null: nothing tells. */
function acceptsById(samples: readonly JsonSample[], port: number): Map<number, number | null> {
  const rows = Map.groupBy(listenerOn(samples, port), row => row.id)
  const total = (ofOne: readonly Listener[]) =>
    ofOne.every(row => row.accepts !== null) ? sum(ofOne, row => row.accepts ?? 0) : null
  return new Map([...rows].map(([id, ofOne]) => [id, total(ofOne)]))
}

/** What the rows of a listening socket say in all. */
function acceptsOf(samples: readonly JsonSample[], port: number, owner: number): number | null | undefined {
  const ids = new Set(listenerOn(samples, port).flatMap(row => (row.pid === owner ? [row.id] : [])))
  expect(ids.size).toBe(1)
  return acceptsById(samples, port).get([...ids][0] ?? 0)
}

/** Who a connection that waits belongs to, and then the accepts of both; `wanted`: whom the kernel gave it. */
async function expectTakenBy(first: Sockets, second: Sockets, port: number, connectTo: Record<string, Sockets>) {
  for (const tool of ['before', 'after']) {
    const early = tool === 'before' ? await Top.start('-d', 0.2) : null
    const client = new Sockets()
    const locals = new Map<number, Sockets>()
    for (const [i, [address, wanted]] of Object.entries(connectTo).entries()) {
      locals.set(await client.connect(i, address, port), wanted)
    }
    const top = early ?? (await Top.start('-d', 0.2))
    const waiting = await top.fresh()
    for (const [local, wanted] of locals) {
      expect(endOf([waiting], port, local).map(row => [row.pid, row.direction])).toEqual([[wanted.pid, 'inbound']])
    }
    for (const server of [first, second]) {
      const wanted = [...locals.values()].filter(taker => taker === server).length
      expect(await server.tell('drain', 0)).toEqual([wanted])
    }
    const samples = await allOf(top)
    for (const server of [first, second]) {
      const wanted = [...locals.values()].filter(taker => taker === server).length
      expect(acceptsOf(samples, port, server.pid)).toBe(tells('handshakes and accepts') ? wanted : null)
    }
  }
}

describe('of two sockets that listen at one port, connections belong to the one that the kernel chose', () => {
  for (const order of ['IPv6 first', 'IPv4 first']) {
    test(`one for each family, ${order}`, async () => {
      const six = new Sockets()
      const four = new Sockets()
      let port = 0
      const listenSix = async () => {
        port = await six.ask('listen', 0, '::', port, 10, 'v6only')
      }
      if (order === 'IPv6 first') await listenSix()
      port = await four.ask('listen', 0, '0.0.0.0', port, 10)
      if (order === 'IPv4 first') await listenSix()
      await expectTakenBy(six, four, port, { [V4]: four, [V6]: six })
    })

    test(`one for both families and one for IPv4, ${order}`, async () => {
      const both = new Sockets()
      const four = new Sockets()
      let port = 0
      const listenBoth = async () => {
        port = await both.ask('listen', 0, '::', port, 10, 'reuseport')
      }
      if (order === 'IPv6 first') await listenBoth()
      port = await four.ask('listen', 0, '0.0.0.0', port, 10, 'reuseport')
      if (order === 'IPv4 first') await listenBoth()
      await expectTakenBy(both, four, port, { [V4]: four, [V6]: both })
    })
  }

  test('one for an address and one for all', async () => {
    const one = new Sockets()
    const all = new Sockets()
    const port = await all.ask('listen', 0, '0.0.0.0', 0, 10, 'reuseport')
    await one.ask('listen', 0, '127.0.0.2', port, 10, 'reuseport')
    await expectTakenBy(one, all, port, { '127.0.0.2': one, '127.0.0.3': all })
  })

  test('one for a device and one for all', async () => {
    const one = new Sockets()
    const all = new Sockets()
    const port = await all.ask('listen', 0, V4, 0, 10, 'reuseport')
    await one.ask('listen', 0, V4, port, 10, 'reuseport', 'dev=lo')
    await expectTakenBy(one, all, port, { [V4]: one })
  })

  if (tells('a network namespace at once')) {
    test('each in a network namespace of its own', async () => {
      const hosts = [new Namespace(), new Namespace()]
      const [one = new Sockets(), two = new Sockets()] = hosts.map(host => new Sockets(host.name))
      const port = 7_001
      await one.ask('listen', 0, '::', port, 10, 'v6only')
      await two.ask('listen', 0, '0.0.0.0', port, 10)
      const top = await Top.start('-d', 0.2)
      const client = new Sockets(hosts[1]?.name)
      const local = await client.connect(0, V4, port)
      expect(endOf([await top.fresh()], port, local)).toMatchObject([{ pid: two.pid }])
      expect(await two.tell('drain', 0)).toEqual([1])
      const samples = await allOf(top)
      expect([acceptsOf(samples, port, one.pid), acceptsOf(samples, port, two.pid)]).toEqual([0, 1])
    })
  }
})

describe('of sockets that share a port (SO_REUSEPORT), each has the accepts that it made', () => {
  test('in one process', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const slots = [0, 1, 2, 3]
    let port = 0
    for (const slot of slots) port = await server.ask('listen', slot, V4, port, 100, 'reuseport')
    const top = await Top.start('-d', 0.2)
    const locals: number[] = []
    for (let i = 0; i < 40; i++) locals.push(await client.connect(i, V4, port))
    const waiting = await top.fresh()
    // whichever of them it is, it is of that process
    for (const local of locals) expect(endOf([waiting], port, local)).toMatchObject([{ pid: server.pid }])
    const backlogs = listenerOn([waiting], port).map(row => row.backlog)
    const accepted: number[] = []
    for (const slot of slots) accepted.push(await server.ask('drain', slot))
    expect(backlogs.toSorted()).toEqual(accepted.toSorted())
    const samples = await allOf(top)
    const told = [...acceptsById(samples, port).values()]
    const wanted = tells('handshakes and accepts') ? accepted.toSorted() : accepted.map(() => null)
    expect(told.toSorted()).toEqual(wanted)
    // the socket with a backlog is the one with the accepts
    if (tells('handshakes and accepts')) {
      for (const { id, backlog } of listenerOn([waiting], port)) {
        expect(acceptsById(samples, port).get(id)).toBe(backlog)
      }
    }
  })

  test('in several, and what waits is of the one that will accept it, whether it is older than the tool or not', async () => {
    const servers = [new Sockets(), new Sockets(), new Sockets()]
    const client = new Sockets()
    let port = 0
    for (const server of servers) port = await server.ask('listen', 0, V4, port, 100, 'reuseport')
    for (let i = 0; i < 12; i++) await client.connect(i, V4, port)
    const top = await Top.start('-d', 0.2)
    for (let i = 12; i < 24; i++) await client.connect(i, V4, port)
    const waiting = await top.fresh()
    const accepted = new Map<number, number>()
    for (const server of servers) {
      const [row] = listenerOn([waiting], port).filter(({ pid }) => pid === server.pid)
      const count = row?.backlog ?? 0
      accepted.set(server.pid, count)
      for (let i = 0; i < count; i++) {
        const remote = await server.ask('accept', i + 1, 0)
        // where the kernel does not tell which it is, nobody is named
        const pid = tells('which of several listening sockets took a connection') ? server.pid : null
        expect(endOf([waiting], port, remote)).toMatchObject([{ pid, direction: 'inbound' }])
      }
    }
    expect(sum([...accepted.values()], count => count)).toBe(24)
    const samples = await allOf(top)
    for (const [pid, count] of accepted) {
      expect(acceptsOf(samples, port, pid)).toBe(tells('handshakes and accepts') ? count : null)
    }
  })
})

test('a listening socket that took a connection for an address of others has it', async () => {
  const host = new Namespace()
  host.ip('route', 'add', 'local', '10.88.0.0/16', 'dev', 'lo')
  const proxy = new Sockets(host.name)
  const other = new Sockets(host.name)
  const client = new Sockets(host.name)
  const port = await proxy.ask('listen', 0, '0.0.0.0', 7_002, 10, 'reuseport', 'transparent')
  await other.ask('listen', 0, '10.99.0.1', port, 10, 'reuseport', 'freebind')
  const top = await Top.start('-d', 0.2)
  const local = await client.connect(0, '10.88.1.2', port)
  const waiting = await top.fresh()
  expect(endOf([waiting], port, local)).toMatchObject([{ pid: proxy.pid, local: { address: '10.88.1.2', port } }])
  expect(await proxy.tell('drain', 0)).toEqual([1])
  const samples = await allOf(top)
  const wanted = tells('handshakes and accepts') ? [1, 0] : [null, null]
  expect([proxy, other].map(({ pid }) => acceptsOf(samples, port, pid))).toEqual(wanted)
})

test('a listening socket is whole in the interval in which it closes', async () => {
  const server = new Sockets()
  const client = new Sockets()
  const port = await server.ask('listen', 0, V4, 0, 17)
  const top = await Top.start('-d', 0.3)
  for (let i = 0; i < 3; i++) await client.connect(i, V4, port)
  await server.tell('accept', 1, 0)
  await server.tell('close', 0)
  const samples = await allOf(top)
  const rows = listenerOn(samples, port)
  expect(new Set(rows.map(row => row.id)).size).toBe(1)
  for (const row of rows) expect(row).toMatchObject({ pid: server.pid, name: 'sockets', backlog_limit: 17 })
  if (tells('handshakes and accepts')) {
    expect(rows.at(-1)).toMatchObject({ backlog: 2 })
    expect(sum(rows, row => row.accepts ?? 0)).toBe(1)
  }
})

test('what waits at a listening socket that closes is accepted from the one that it is left to (tcp_migrate_req)', async () => {
  const host = new Namespace()
  host.sysctl('net.ipv4.tcp_migrate_req', 1)
  const one = new Sockets(host.name)
  const two = new Sockets(host.name)
  const client = new Sockets(host.name)
  let port = 7_003
  for (const server of [one, two]) port = await server.ask('listen', 0, V4, port, 100, 'reuseport')
  const top = await Top.start('-d', 0.2)
  const locals: number[] = []
  for (let i = 0; i < 16; i++) locals.push(await client.connect(i, V4, port))
  await top.fresh()
  await one.tell('close', 0)
  const waiting = await top.fresh()
  // whom it is left to is told by accept alone: of the others some were that one's before
  const before = new Set(locals.flatMap(local => endOf([waiting], port, local).map(row => row.pid)))
  expect(before.isSubsetOf(new Set([null, two.pid]))).toBe(true)
  expect(await two.tell('drain', 0)).toEqual([locals.length])
  const samples = await allOf(top)
  const wanted = tells('handshakes and accepts') ? [0, locals.length] : [null, null]
  expect([one, two].map(({ pid }) => acceptsOf(samples, port, pid))).toEqual(wanted)
})

test('a connection older than the tool that waits at a listening socket with backlog 0 is accepted from it', async () => {
  const server = new Sockets()
  const client = new Sockets()
  const port = await server.ask('listen', 0, V4, 0, 0)
  const local = await client.connect(0, V4, port)
  const top = await Top.start('-d', 0.2)
  expect(endOf([await top.fresh()], port, local)).toMatchObject([{ pid: server.pid, direction: 'inbound' }])
  expect(await server.tell('drain', 0)).toEqual([1])
  const samples = await allOf(top)
  expect(acceptsOf(samples, port, server.pid)).toBe(tells('handshakes and accepts') ? 1 : null)
})
