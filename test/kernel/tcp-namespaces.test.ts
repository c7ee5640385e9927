import { expect, test } from 'vitest'
import { endOf, listenerOn, unowned } from '../support/connections.ts'
import { FAR, Namespace, NEAR, twoHosts } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { sum, Top, tells } from '../support/top.ts'

const HOST = '127.0.0.1'

test('connections inside of other network namespaces are there, open and closed, and marked', async () => {
  const { near, far } = await twoHosts()
  const server = new Sockets(far.name)
  const client = new Sockets(near.name)
  const port = await server.ask('listen', 0, FAR, 0, 10)
  const top = await Top.start('-d', 0.2)
  const local = await client.connect(0, FAR, port)
  await server.tell('accept', 1, 0)
  await client.tell('send', 0, 70_001, 'write')
  await server.tell('receive', 1, 70_001, 'read')
  const open = await top.fresh()
  const outbound = {
    pid: client.pid,
    network_namespace: near.inode,
    direction: 'outbound',
    local: { address: NEAR, port: local },
    remote: { address: FAR, port },
    total_sent_bytes: 70_001,
  }
  const inbound = {
    pid: server.pid,
    network_namespace: far.inode,
    direction: 'inbound',
    local: { address: FAR, port },
    remote: { address: NEAR, port: local },
    total_received_bytes: 70_001,
  }
  expect(endOf([open], local, port)).toMatchObject([{ ...outbound, state: 'ESTABLISHED', closed: false }])
  expect(endOf([open], port, local)).toMatchObject([{ ...inbound, state: 'ESTABLISHED', closed: false }])
  expect(listenerOn([open], port)).toMatchObject([{ pid: server.pid, network_namespace: far.inode }])
  await client.tell('close', 0)
  await server.tell('end', 1)
  await server.tell('close', 1)
  const samples = await top.finish()
  expect(endOf(samples, local, port).filter(row => row.closed)).toMatchObject([outbound])
  expect(endOf(samples, port, local).filter(row => row.closed)).toMatchObject([inbound])
  expect(sum(endOf(samples, local, port), row => row.sent_bytes)).toBe(70_001)
  expect(unowned(samples)).toEqual([])
})

test('a connection older than the tool in another namespace is there from the first sample', async () => {
  const host = new Namespace()
  const inside = new Sockets(host.name)
  const outside = new Sockets()
  const ports: number[] = []
  for (const sockets of [inside, outside]) {
    const port = await sockets.ask('listen', 0, HOST, 0, 10)
    await sockets.connect(1, HOST, port)
    await sockets.tell('accept', 2, 0)
    ports.push(port)
  }
  const top = await Top.start('-d', 0.2)
  const rows = top.samples.flatMap(sample => sample.connections)
  for (const [port, pid, namespace] of [
    [ports[0], inside.pid, host.inode],
    [ports[1], outside.pid, null],
  ] as const) {
    const ends = rows.filter(row => row.pid === pid && [row.local.port, row.remote.port].includes(port ?? 0))
    expect(ends.map(row => row.direction).toSorted()).toEqual(['inbound', 'outbound'])
    for (const row of ends) expect(row).toMatchObject({ pid, network_namespace: namespace, age_is_minimum: true })
  }
  await top.stop()
})

test('a namespace that is made later is there at once, or not for some seconds', async () => {
  const top = await Top.start('-d', 0.2)
  const host = new Namespace()
  const server = new Sockets(host.name)
  await server.ask('listen', 0, HOST, 9_005, 10)
  const rows = listenerOn([await top.fresh()], 9_005).filter(row => row.network_namespace === host.inode)
  expect(rows).toHaveLength(tells('a network namespace at once') ? 1 : 0)
  await top.stop()
})

if (tells('a network namespace at once')) {
  test('the same addresses in two namespaces are two connections, and the listener of each is its own', async () => {
    const hosts = [new Namespace(), new Namespace()]
    const top = await Top.start('-d', 0.2)
    for (const [i, host] of hosts.entries()) {
      const sockets = new Sockets(host.name)
      await sockets.ask('listen', 0, HOST, 9_000, 10)
      await sockets.tell('bind', 1, HOST, 9_001)
      expect(await sockets.connect(1, HOST, 9_000)).toBe(9_001)
      for (let accepted = 0; accepted < i; accepted++) await sockets.tell('accept', 2, 0)
    }
    const samples = await top.finish()
    for (const [i, host] of hosts.entries()) {
      const rows = listenerOn(samples, 9_000).filter(row => row.network_namespace === host.inode)
      expect(sum(rows, row => row.accepts ?? Number.NaN)).toBe(i)
    }
    expect(unowned(samples)).toEqual([])
  })
}
