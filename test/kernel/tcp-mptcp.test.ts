import { describe, expect, test } from 'vitest'
import { endOf, listenerOn } from '../support/connections.ts'
import { Namespace, run } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { type JsonSample, sum, Top, tells } from '../support/top.ts'

const HOST = '127.0.0.1'

/** What the calls of a process moved, by its rows. */
function moved(samples: readonly JsonSample[], pid: number) {
  const rows = samples.flatMap(sample => sample.processes).filter(row => row.pid === pid)
  const total = (transport: 'tcp' | 'other') => ({
    sent: sum(rows, row => row.transports[transport].sent_bytes),
    received: sum(rows, row => row.transports[transport].received_bytes),
  })
  return { tcp: total('tcp'), other: total('other') }
}

async function settled(top: Top): Promise<JsonSample> {
  await top.fresh()
  return top.next()
}

describe('a connection by MPTCP', () => {
  for (const when of ['before', 'after']) {
    test(`is of the process behind it, and its bytes are those of TCP; the tool began ${when} it`, async () => {
      const server = new Sockets()
      const client = new Sockets()
      const port = await server.ask('listen', 0, HOST, 0, 10, 'mptcp')
      let top = when === 'before' ? await Top.start('-d', 0.2) : null
      const local = await client.connect(0, HOST, port, 'mptcp')
      await server.tell('accept', 1, 0)
      top ??= await Top.start('-d', 0.2)
      await client.tell('send', 0, 20_000, 'write')
      await server.tell('receive', 1, 20_000, 'read')
      await server.tell('send', 1, 5_000, 'write')
      await client.tell('receive', 0, 5_000, 'read')
      const open = await settled(top)
      const inbound = { pid: server.pid, direction: 'inbound', mptcp: true, state: 'ESTABLISHED' }
      const outbound = { pid: client.pid, direction: 'outbound', mptcp: true, state: 'ESTABLISHED' }
      expect(endOf([open], port, local)).toMatchObject([inbound])
      expect(endOf([open], local, port)).toMatchObject([outbound])
      expect(listenerOn([open], port)).toMatchObject([{ pid: server.pid, mptcp: true, backlog_limit: 10 }])
      await client.tell('close', 0)
      await server.tell('end', 1)
      await server.tell('close', 1)
      await top.fresh()
      const samples = await top.finish()
      for (const [rows, pid] of [
        [endOf(samples, port, local), server.pid],
        [endOf(samples, local, port), client.pid],
      ] as const) {
        expect(new Set(rows.map(row => row.pid))).toEqual(new Set([pid]))
        expect(new Set(rows.map(row => row.id)).size).toBe(1)
        expect(rows.filter(row => row.closed)).toHaveLength(1)
      }
      expect(moved(samples, client.pid)).toEqual({
        tcp: { sent: 20_000, received: 5_000 },
        other: { sent: 0, received: 0 },
      })
      expect(moved(samples, server.pid)).toEqual({
        tcp: { sent: 5_000, received: 20_000 },
        other: { sent: 0, received: 0 },
      })
      const accepts = sum(listenerOn(samples, port), row => row.accepts ?? 0)
      if (tells('handshakes and accepts')) expect(accepts).toBe(when === 'before' ? 1 : 0)
    })
  }

  test('that no sample saw open is of its processes, and not of the thread of the kernel that closed it', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10, 'mptcp')
    const top = await Top.start('-d', 1)
    const locals: number[] = []
    for (let i = 0; i < 10; i++) {
      locals.push(await client.connect(0, HOST, port, 'mptcp'))
      await server.tell('accept', 1, 0)
      await client.tell('close', 0)
      await server.tell('end', 1)
      await server.tell('close', 1)
    }
    await top.fresh()
    const samples = await top.finish()
    for (const local of locals) {
      expect(new Set(endOf(samples, port, local).map(row => row.pid))).toEqual(new Set([server.pid]))
      expect(new Set(endOf(samples, local, port).map(row => row.pid))).toEqual(new Set([client.pid]))
    }
    await server.tell('close', 0)
  })

  test('waits for accept with its listener, and is there under the filter of its owner alone', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10, 'mptcp')
    const top = await Top.start('-d', 0.2, '-p', server.pid)
    const local = await client.connect(0, HOST, port, 'mptcp')
    expect(endOf([await settled(top)], port, local)).toMatchObject([{ pid: server.pid, mptcp: true }])
    await server.tell('accept', 1, 0)
    const sample = await settled(top)
    expect(endOf([sample], port, local)).toMatchObject([{ pid: server.pid, mptcp: true }])
    expect(endOf([sample], local, port)).toEqual([])
    expect(listenerOn([sample], port)).toMatchObject([{ pid: server.pid }])
    await top.stop()
  })

  test('is of the child that has it, once its parent closed it', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10, 'mptcp')
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, HOST, port, 'mptcp')
    await server.tell('accept', 1, 0)
    expect(endOf([await settled(top)], port, local)).toMatchObject([{ pid: server.pid }])
    const child = await server.fork()
    await server.tell('close', 1)
    await top.fresh()
    expect(endOf([await settled(top)], port, local)).toMatchObject([{ pid: child.pid }])
    await top.stop()
  })

  test('with one that speaks plain TCP is not marked', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10, 'mptcp')
    const plain = await server.ask('listen', 1, HOST, 0, 10)
    const top = await Top.start('-d', 0.2)
    const inbound = await client.connect(0, HOST, port)
    const outbound = await client.connect(1, HOST, plain, 'mptcp')
    await server.tell('accept', 2, 0)
    await server.tell('accept', 3, 1)
    const sample = await settled(top)
    for (const [from, to] of [
      [inbound, port],
      [outbound, plain],
    ] as const) {
      expect(endOf([sample], from, to)).toMatchObject([{ pid: client.pid, mptcp: false }])
      expect(endOf([sample], to, from)).toMatchObject([{ pid: server.pid, mptcp: false }])
    }
    expect(listenerOn([sample], port)).toMatchObject([{ mptcp: true }])
    expect(listenerOn([sample], plain)).toMatchObject([{ mptcp: false }])
    await top.stop()
  })
})

if (tells('a network namespace at once')) {
  test('each subflow is a connection, and one that joins later is accepted by nobody', async () => {
    const host = new Namespace()
    host.ip('address', 'add', '10.66.0.1/24', 'dev', 'lo')
    host.ip('address', 'add', '10.66.0.2/24', 'dev', 'lo')
    run('ip', 'netns', 'exec', host.name, 'ip', 'mptcp', 'limits', 'set', 'subflow', '4', 'add_addr_accepted', '4')
    run('ip', 'netns', 'exec', host.name, 'ip', 'mptcp', 'endpoint', 'add', '10.66.0.2', 'dev', 'lo', 'subflow')
    const server = new Sockets(host.name)
    const client = new Sockets(host.name)
    const top = await Top.start('-d', 0.2)
    const port = await server.ask('listen', 0, '0.0.0.0', 7_003, 10, 'mptcp')
    await client.connect(0, '10.66.0.1', port, 'mptcp')
    await server.tell('accept', 1, 0)
    await client.tell('send', 0, 1_000, 'write')
    await server.tell('receive', 1, 1_000, 'read')
    await settled(top)
    const { connections } = await settled(top)
    const inbound = connections.filter(row => row.network_namespace === host.inode && row.local.port === port)
    const outbound = connections.filter(row => row.network_namespace === host.inode && row.remote.port === port)
    expect(inbound.map(row => row.remote.address).toSorted()).toEqual(['10.66.0.1', '10.66.0.2'])
    for (const row of inbound) expect(row).toMatchObject({ pid: server.pid, mptcp: true, direction: 'inbound' })
    expect(outbound).toHaveLength(2)
    for (const row of outbound) expect(row).toMatchObject({ pid: client.pid, mptcp: true, direction: 'outbound' })
    await client.tell('close', 0)
    await server.tell('end', 1)
    await server.tell('close', 1)
    await top.fresh()
    const samples = await top.finish()
    expect(sum(listenerOn(samples, port), row => row.accepts ?? 0)).toBe(1)
    const closed = samples
      .flatMap(sample => sample.connections)
      .filter(row => row.network_namespace === host.inode && row.closed)
    expect(closed.map(row => row.pid).toSorted()).toEqual([server.pid, server.pid, client.pid, client.pid].toSorted())
  })
}
