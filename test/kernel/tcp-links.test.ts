import { describe, expect, test } from 'vitest'
import { Namespace, run } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'
import { Top, tells } from '../support/top.ts'

const NEAR = 'fe80::1'
const FAR = 'fe80::2'
const LINKS = [0, 1] as const

/** Two hosts with two links between them, each with the same addresses at its ends. */
function linkedHosts() {
  const near = new Namespace()
  const far = new Namespace()
  for (const link of LINKS) {
    run(
      'ip',
      '-n',
      near.name,
      'link',
      'add',
      `near${link}`,
      'type',
      'veth',
      'peer',
      'name',
      `far${link}`,
      'netns',
      far.name,
    )
    for (const [host, name, address] of [
      [near, `near${link}`, NEAR],
      [far, `far${link}`, FAR],
    ] as const) {
      host.ip('link', 'set', name, 'addrgenmode', 'none')
      host.ip('link', 'set', name, 'up')
      host.ip('-6', 'addr', 'add', `${address}/64`, 'dev', name, 'nodad')
    }
  }
  return { near, far }
}

describe('addresses of a link', () => {
  test('have its name, at both ends, of listening sockets and of connects that fail, whoever began first', async () => {
    const { near, far } = linkedHosts()
    const server = new Sockets(far.name)
    const client = new Sockets(near.name)
    const port = await server.ask('listen', 0, `${FAR}%far0`, 0, 10)
    expect(await server.ask('listen', 1, `${FAR}%far1`, port, 10)).toBe(port)
    const connect = async (slot: number, link: number): Promise<void> => {
      await client.connect(slot, `${FAR}%near${link}`, port)
      await server.tell('accept', 2 + slot, link)
    }
    for (const link of LINKS) await connect(link, link)
    const top = await Top.start('-d', 0.3)
    for (const link of LINKS) await connect(2 + link, link)
    for (const link of LINKS) expect((await client.tell('connect', 10 + link, `${FAR}%near${link}`, 1))[0]).toBe(111)
    const open = await top.fresh()
    const samples = await top.finish()
    const count = (addresses: readonly string[]) =>
      Object.fromEntries(
        Map.groupBy(addresses, a => a)
          .entries()
          .map(([a, { length }]) => [a, length]),
      )
    const outbound = open.connections.filter(row => row.pid === client.pid && row.remote.port === port)
    expect(count(outbound.map(row => `${row.local.address} ${row.remote.address}`))).toEqual({
      [`${NEAR}%near0 ${FAR}%near0`]: 2,
      [`${NEAR}%near1 ${FAR}%near1`]: 2,
    })
    const inbound = open.connections.filter(row => row.pid === server.pid)
    expect(count(inbound.map(row => `${row.local.address} ${row.remote.address}`))).toEqual({
      [`${FAR}%far0 ${NEAR}%far0`]: 2,
      [`${FAR}%far1 ${NEAR}%far1`]: 2,
    })
    const listening = open.listeners.filter(row => row.local.port === port)
    expect(count(listening.map(row => row.local.address))).toEqual({ [`${FAR}%far0`]: 1, [`${FAR}%far1`]: 1 })
    const failed = samples
      .flatMap(sample => sample.connections)
      .filter(row => row.pid === client.pid && row.remote.port === 1 && row.closed)
    expect(failed).toHaveLength(2)
    if (tells('why a connect failed')) {
      expect(count(failed.map(row => row.remote.address))).toEqual({ [`${FAR}%near0`]: 1, [`${FAR}%near1`]: 1 })
    }
  })

  test('without a name are no failed connection, as the kernel refuses them', async () => {
    const { near } = linkedHosts()
    const client = new Sockets(near.name)
    const top = await Top.start('-d', 0.2)
    expect((await client.tell('connect', 0, FAR, 7_000))[0]).toBe(22)
    const samples = await top.finish()
    expect(samples.flatMap(sample => sample.connections).filter(row => row.pid === client.pid)).toEqual([])
  })
})
