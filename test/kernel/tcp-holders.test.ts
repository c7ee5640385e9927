import { describe, expect, test } from 'vitest'
import { endOf, listenerOn, unowned } from '../support/connections.ts'
import { askSs } from '../support/network.ts'
import { type ForkedSockets, Sockets } from '../support/sockets.ts'
import { type JsonSample, Top, tells } from '../support/top.ts'

const HOST = '127.0.0.1'

/** A server that listens in slot 0, a child of it, and a client; slot 1 of the server will be a connection. */
async function family() {
  const server = new Sockets()
  const client = new Sockets()
  const port = await server.ask('listen', 0, HOST, 0, 10)
  return { server, client, port }
}

/** The sample after the next one that begins after now: until then a row may be of the one before. */
async function settled(top: Top): Promise<JsonSample> {
  await top.fresh()
  return top.next()
}

type Family = Awaited<ReturnType<typeof family>>

/** Ways in which the server, which used the connection, lets go of it, so that only another process has it. */
const HANDOVERS: Record<string, (family: Family, heir: ForkedSockets) => Promise<number>> = {
  'a child has it from fork, and it is closed': async ({ server }) => {
    const child = await server.fork()
    await server.tell('close', 1)
    return child.pid
  },
  'a child has it from fork, and another file takes its descriptor': async ({ server }) => {
    const child = await server.fork()
    await server.tell('cover', 1)
    return child.pid
  },
  'a child has it from fork, and it is closed by close_range': async ({ server }) => {
    const child = await server.fork()
    await server.tell('close_range', 1)
    return child.pid
  },
  'another process takes it over a Unix socket': async ({ server }, heir) => {
    await server.tell('give', 1, heir.index)
    await server.tell('close', 1)
    await new Promise(resolve => setTimeout(resolve, 700))
    await heir.tell('take', 1)
    return heir.pid
  },
  'another process takes it by pidfd_getfd': async ({ server }, heir) => {
    await heir.tell('get', 1, server.pid, await server.ask('fd', 1))
    await server.tell('close', 1)
    return heir.pid
  },
  'another program has it as its input': async ({ server }) => server.ask('serve', 1),
}

describe('a connection that another process holds now, and nobody used since', () => {
  for (const [how, handOver] of Object.entries(HANDOVERS)) {
    for (const when of ['before', 'after']) {
      test(`${how}; the tool began ${when} that`, async () => {
        const all = await family()
        const { server, client, port } = all
        const heir = await server.fork()
        let top = when === 'before' ? await Top.start('-d', 0.2) : null
        const local = await client.connect(0, HOST, port)
        await server.tell('accept', 1, 0)
        if (top !== null) expect(endOf([await settled(top)], port, local)).toMatchObject([{ pid: server.pid }])
        const holder = await handOver(all, heir)
        top ??= await Top.start('-d', 0.2)
        expect(askSs(port, local).pids).toEqual([holder])
        const sample = await settled(top)
        expect(endOf([sample], port, local)).toMatchObject([{ pid: holder, direction: 'inbound' }])
        expect(endOf([sample], local, port)).toMatchObject([{ pid: client.pid, direction: 'outbound' }])
        const samples = await top.finish()
        expect(unowned(samples).filter(row => row.local.port === port)).toEqual([])
      })
    }
  }

  test('is the child’s that has it from a process that connected and closed it', async () => {
    const { server, client, port } = await family()
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, HOST, port)
    await server.tell('accept', 1, 0)
    expect(endOf([await settled(top)], local, port)).toMatchObject([{ pid: client.pid }])
    const child = await client.fork()
    await client.tell('close', 0)
    expect(endOf([await settled(top)], local, port)).toMatchObject([{ pid: child.pid, direction: 'outbound' }])
    await top.stop()
  })

  test('stays with the one that used it last while that one holds it, under another descriptor as well', async () => {
    const { server, client, port } = await family()
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, HOST, port)
    await server.tell('accept', 1, 0)
    await server.fork()
    const fd = await server.ask('fd', 1)
    await server.tell('get', 2, server.pid, fd)
    await server.tell('close', 1)
    expect(endOf([await settled(top)], port, local)).toMatchObject([{ pid: server.pid }])
    await top.stop()
  })

  test('is of one that still has it, where the one that used it last becomes another program', async () => {
    const { server, client, port } = await family()
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, HOST, port)
    await server.tell('accept', 1, 0)
    const child = await server.fork()
    await child.tell('send', 1, 10, 'write')
    const user = tells('a later user of a connection') ? child : server
    expect(endOf([await settled(top)], port, local)).toMatchObject([{ pid: user.pid }])
    // it answers no more
    void child.tell('exec', 1).catch(() => {})
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(askSs(port, local).pids).toEqual([server.pid])
    expect(endOf([await settled(top)], port, local)).toMatchObject([{ pid: server.pid }])
    await top.stop()
  })

  test('is there under a filter of its holder, and not under that of the one before', async () => {
    const { server, client, port } = await family()
    const heir = await server.fork()
    const before = await Top.start('-d', 0.2, '-p', server.pid)
    const after = await Top.start('-d', 0.2, '-p', heir.pid)
    const local = await client.connect(0, HOST, port)
    await server.tell('accept', 1, 0)
    expect(endOf([await settled(before)], port, local)).toMatchObject([{ pid: server.pid }])
    expect(endOf([await settled(after)], port, local)).toEqual([])
    await server.tell('give', 1, heir.index)
    await heir.tell('take', 1)
    await server.tell('close', 1)
    expect(endOf([await settled(after)], port, local)).toMatchObject([{ pid: heir.pid }])
    expect(endOf([await settled(before)], port, local)).toEqual([])
    await before.stop()
    await after.stop()
  })
})

describe('a listening socket', () => {
  for (const when of ['before', 'after']) {
    test(`is the child’s that has it from a process that closed it; the tool began ${when} that`, async () => {
      const { server, port } = await family()
      let top = when === 'before' ? await Top.start('-d', 0.2) : null
      if (top !== null) expect(listenerOn([await settled(top)], port)).toMatchObject([{ pid: server.pid }])
      const child = await server.fork()
      await server.tell('close', 0)
      top ??= await Top.start('-d', 0.2)
      expect(listenerOn([await settled(top)], port)).toMatchObject([{ pid: child.pid }])
      await top.stop()
    })
  }

  test('that a process was given is its own, once it accepts from it', async () => {
    const { server, client, port } = await family()
    const top = await Top.start('-d', 0.2)
    const service = await server.fork()
    expect(listenerOn([await settled(top)], port)).toMatchObject([{ pid: server.pid }])
    await client.connect(0, HOST, port)
    await service.tell('accept', 1, 0)
    const user = tells('a later user of a connection') ? service : server
    expect(listenerOn([await settled(top)], port)).toMatchObject([{ pid: user.pid }])
    // and stays so while nobody uses it
    expect(listenerOn([await settled(top)], port)).toMatchObject([{ pid: user.pid }])
    await top.stop()
  })

  test('older than the tool is that of the process that waits for connections', async () => {
    const { server, client, port } = await family()
    const service = await server.fork()
    const accepted = service.tell('accept', 1, 0)
    await new Promise(resolve => setTimeout(resolve, 100))
    const top = await Top.start('-d', 0.2)
    const user = tells('a later user of a connection') ? service : server
    expect(listenerOn([await settled(top)], port)).toMatchObject([{ pid: user.pid }])
    await client.connect(0, HOST, port)
    await accepted
    expect(listenerOn([await settled(top)], port)).toMatchObject([{ pid: user.pid }])
    await top.stop()
  })
})
