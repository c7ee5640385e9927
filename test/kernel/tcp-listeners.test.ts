import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { endOf, listenerOn, unowned } from '../support/connections.ts'
import { askSsListener } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { type JsonSample, sum, Top, tells } from '../support/top.ts'

const HOST = '127.0.0.1'

/** Connections that were accepted; null: nothing tells. */
function accepts(samples: readonly JsonSample[], port: number): number | null {
  const counts = listenerOn(samples, port).map(row => row.accepts)
  return counts.every(count => count !== null) ? sum(counts, count => count) : null
}

/** Who ended it by a reset; where that is not told, there is none. */
function ended(closed_by: string, reset: string): object {
  return tells('resets') ? { closed_by, reset } : { reset: null }
}

describe('a listening socket', () => {
  test('has an owner, a backlog with its limit, and counts what is accepted, whoever does it and how', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 17)
    // one connection waits since before the tool was started
    await client.connect(0, HOST, port)
    const worker = await server.fork()
    const top = await Top.start('-d', 0.2)
    for (let i = 1; i <= 4; i++) await client.connect(i, HOST, port)
    const [full] = listenerOn([await top.fresh()], port)
    expect(full).toMatchObject({
      pid: server.pid,
      name: 'sockets',
      family: 'ipv4',
      local: { address: HOST, port },
      backlog: 5,
      backlog_limit: 17,
      drops: 0,
      network_namespace: null,
    })
    expect(full).toMatchObject({ backlog: askSsListener(port).backlog, backlog_limit: askSsListener(port).limit })
    await server.tell('accept', 1, 0)
    await worker.tell('accept', 2, 0)
    await server.tell('accept', 3, 0, 'uring')
    // accepted and closed within one interval
    await worker.tell('accept', 4, 0, 'uring')
    await worker.tell('close', 4)
    const [emptier] = listenerOn([await top.fresh()], port)
    expect(emptier).toMatchObject({ backlog: 1, backlog_limit: 17 })
    await server.tell('accept', 5, 0)
    await server.tell('reset', 5)
    await server.tell('close', 0)
    await worker.tell('close', 0)
    const samples = await top.finish()
    // the last one even though nobody listens any more
    expect(accepts(samples, port)).toBe(tells('handshakes and accepts') ? 5 : null)
    if (tells('who had what was never accepted')) expect(unowned(samples)).toEqual([])
  })

  test('that is closed with connections in its queue: they are told, and are not accepted', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, HOST, port)
    await server.tell('close', 0)
    const samples = await top.finish()
    const listener = { pid: tells('who had what was never accepted') ? server.pid : null }
    expect(endOf(samples, port, local).filter(row => row.closed)).toMatchObject([
      { ...listener, direction: 'inbound', accept_wait_ns: null, ...ended('local', 'sent') },
    ])
    expect(endOf(samples, local, port).filter(row => row.closed)).toMatchObject([
      { pid: client.pid, ...ended('remote', 'received') },
    ])
    expect(accepts(samples, port)).toBe(tells('handshakes and accepts') ? 0 : null)
    if (tells('who had what was never accepted')) expect(unowned(samples)).toEqual([])
  })

  test('with a full queue counts what it drops, as ss does', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 1)
    const top = await Top.start('-d', 0.2)
    // room for two; SYNs of the others are dropped, and sent again a second later
    for (let i = 0; i < 6; i++) await client.tell('connect', i, HOST, port, 'nonblock')
    await setTimeout(1_500)
    for (let i = 0; i < 6; i++) await client.tell('close', i)
    await setTimeout(300)
    const { drops, limit } = askSsListener(port)
    const samples = await top.finish()
    const rows = listenerOn(samples, port)
    expect(drops).toBeGreaterThan(0)
    expect(sum(rows, row => row.drops)).toBe(drops)
    expect(rows.some(row => row.backlog > limit)).toBe(true)
  })
})
