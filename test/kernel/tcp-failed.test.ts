import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { lostConnections, unowned } from '../support/connections.ts'
import { FAR, Namespace, twoHosts } from '../support/network.ts'
import { ForkedSockets, Sockets } from '../support/sockets.ts'
import { type JsonSample, Top, tells } from '../support/top.ts'

const HOST = '127.0.0.1'

/** All rows of attempts of a process to connect to a port. */
function attempts(samples: readonly JsonSample[], pid: number, port: number) {
  return samples.flatMap(sample => sample.connections).filter(row => row.pid === pid && row.remote.port === port)
}

/** The error of an attempt, where it is told. */
function because(error: string): { error: string | null } {
  return { error: tells('why a connect failed') ? error : null }
}

/** A port on which nobody listens: one that was just given back. */
async function freePort(address: string): Promise<number> {
  const sockets = new Sockets()
  const port = await sockets.ask('bind', 0, address, 0)
  await sockets.kill()
  return port
}

describe('a connect that fails', () => {
  test.each([
    { how: 'blocks', address: HOST, shown: HOST, family: 'ipv4', word: '' },
    { how: 'does not block', address: HOST, shown: HOST, family: 'ipv4', word: 'nonblock' },
    { how: 'is made by io_uring', address: HOST, shown: HOST, family: 'ipv4', word: 'uring' },
    { how: 'goes over IPv6', address: '::1', shown: '::1', family: 'ipv6', word: '' },
    { how: 'goes from an IPv6 socket to IPv4', address: '::ffff:127.0.0.1', shown: HOST, family: 'ipv4', word: '' },
  ])('because it is refused and $how is one row', async ({ address, shown, family, word }) => {
    const port = await freePort(address)
    const client = new Sockets()
    const top = await Top.start('-d', 0.2)
    const [errno = 0] = await client.tell('connect', 0, address, port, word)
    // the error is told by connect, or later
    const late = errno === 115 ? await client.ask('error', 0) : errno
    expect(late).toBe(111)
    await client.tell('close', 0)
    const samples = await top.finish()
    expect(attempts(samples, client.pid, port)).toMatchObject([
      {
        name: 'sockets',
        direction: 'outbound',
        family,
        remote: { address: shown, port },
        state: tells('why a connect failed') ? 'CLOSE' : 'SYN_SENT',
        established: false,
        closed: true,
        opened: true,
        ...because('ECONNREFUSED'),
        connect_latency_ns: null,
        closed_by: null,
        total_sent_bytes: 0,
      },
    ])
    expect(lostConnections(samples)).toBe(0)
  })

  test('is one row for each try, whatever another call only says about the last one', async () => {
    const port = await freePort(HOST)
    const client = new Sockets()
    const top = await Top.start('-d', 0.2)
    await client.tell('connect', 0, HOST, port, 'nonblock')
    await setTimeout(50)
    // fetches the error, and is no try of its own
    const [errno] = await client.tell('connect', 0, HOST, port)
    expect(errno).toBe(111)
    expect((await client.tell('connect', 0, '255.255.255.255', port))[0]).toBe(101)
    expect((await client.tell('connect', 0, HOST, port, 'nonblock'))[0]).toBe(115)
    const samples = await top.finish()
    const errors = ['ECONNREFUSED', 'ENETUNREACH', 'ECONNREFUSED'].map(error => because(error).error)
    const withoutSecond = errors.filter((_, i) => tells('connects that sent nothing') || i !== 1)
    expect(attempts(samples, client.pid, port).map(row => row.error)).toEqual(withoutSecond)
  })

  test('before anything is sent is one row: no route, no such host, forbidden, dropped', async () => {
    const host = new Namespace()
    host.ip('route', 'add', 'unreachable', '10.1.0.0/16')
    host.ip('route', 'add', 'prohibit', '10.2.0.0/16')
    host.ip('route', 'add', 'blackhole', '10.3.0.0/16')
    host.ip('-6', 'route', 'add', 'unreachable', 'fd01::/16')
    const client = new Sockets(host.name)
    const top = await Top.start('-d', 0.2)
    const targets = [
      ['10.9.9.9', 'ENETUNREACH', 101],
      ['10.1.9.9', 'EHOSTUNREACH', 113],
      ['10.2.9.9', 'EACCES', 13],
      ['10.3.9.9', 'EINVAL', 22],
      ['fd01::9', 'EHOSTUNREACH', 113],
      ['2001:db8::9', 'ENETUNREACH', 101],
    ] as const
    for (const [i, [address, , number]] of targets.entries()) {
      expect((await client.tell('connect', i, address, 7_000 + i))[0]).toBe(number)
    }
    const samples = await top.finish()
    for (const [i, [address, error]] of targets.entries()) {
      const row = { remote: { address, port: 7_000 + i }, error, closed: true, opened: true }
      expect(attempts(samples, client.pid, 7_000 + i)).toMatchObject(
        tells('connects that sent nothing') ? [{ ...row, network_namespace: host.inode }] : [],
      )
    }
    expect(unowned(samples)).toEqual([])
  })

  test('for want of a local port is one row', async () => {
    const host = new Namespace()
    host.run('sh', '-c', 'echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range')
    const sockets = new Sockets(host.name)
    const port = await sockets.ask('listen', 0, HOST, 8_000, 10)
    await sockets.connect(1, HOST, port)
    const top = await Top.start('-d', 0.2)
    expect((await sockets.tell('connect', 2, HOST, port))[0]).toBe(99)
    const samples = await top.finish()
    expect(attempts(samples, sockets.pid, port).filter(row => !row.established)).toMatchObject([
      { ...because('EADDRNOTAVAIL'), remote: { address: HOST, port }, closed: true },
    ])
  })

  test('for want of an answer, or because a router says so, is one row', async () => {
    const { near, far, wire } = await twoHosts()
    near.sysctl('net.ipv4.tcp_syn_retries', 1)
    near.ip('route', 'add', '10.4.0.0/16', 'via', FAR)
    far.ip('route', 'add', 'unreachable', '10.4.0.0/16')
    far.sysctl('net.ipv4.ip_forward', 1)
    const client = new Sockets(near.name)
    const top = await Top.start('-d', 0.2)
    const begun = Date.now()
    await client.tell('connect', 0, '10.4.0.4', 7_001, 'nonblock')
    await setTimeout(100)
    await wire.tell('cut')
    expect((await client.tell('connect', 1, FAR, 7_000))[0]).toBe(110)
    const took = (Date.now() - begun) / 1000
    const samples = await top.finish()
    expect(lostConnections(samples)).toBe(0)
    expect(unowned(samples)).toEqual([])
    const ends = attempts(samples, client.pid, 7_000).filter(row => row.closed)
    expect(ends).toMatchObject([{ ...because('ETIMEDOUT'), established: false, remote: { address: FAR, port: 7_000 } }])
    expect(attempts(samples, client.pid, 7_000).filter(row => row.established)).toEqual([])
    expect(ends[0]?.retransmits).toBeGreaterThan(0)
    // while it lasted it stood there as well
    expect(attempts(samples, client.pid, 7_000).some(row => row.state === 'SYN_SENT' && !row.closed)).toBe(true)
    expect(attempts(samples, client.pid, 7_000).filter(row => row.opened)).toHaveLength(1)
    expect(ends[0]?.age_seconds).toBeLessThanOrEqual(took)
    expect(attempts(samples, client.pid, 7_001).filter(row => row.closed)).toMatchObject([
      { ...because('EHOSTUNREACH'), established: false, remote: { address: '10.4.0.4', port: 7_001 } },
    ])
  })

  test('because the process gave up has no error, and was never established', async () => {
    const { near, wire } = await twoHosts()
    await wire.tell('cut')
    const client = new Sockets(near.name)
    const top = await Top.start('-d', 0.2)
    for (const [slot, how] of ['close', 'shutdown', 'exit'].entries()) {
      const who = how === 'exit' ? await client.fork() : client
      expect((await who.tell('connect', slot, FAR, 7_000 + slot, 'nonblock'))[0]).toBe(115)
      await (who instanceof ForkedSockets ? who.exit() : who.tell(how, slot))
    }
    const samples = await top.finish()
    for (const slot of [0, 1, 2]) {
      const rows = samples.flatMap(sample => sample.connections).filter(row => row.remote.port === 7_000 + slot)
      expect(rows.filter(row => row.closed)).toMatchObject([{ error: null, state: 'SYN_SENT' }])
      expect(rows.filter(row => row.established)).toEqual([])
    }
  })

  test.each([
    { how: 'edge', errno: 101, rows: 1 },
    { how: 'old', errno: 101, rows: 1 },
    { how: 'short', errno: 22, rows: 0 },
    { how: 'long', errno: 22, rows: 0 },
    { how: 'fault', errno: 14, rows: 0 },
    { how: 'family', errno: 97, rows: 0 },
  ])('is one where the kernel looked for a way ($how: $errno)', async ({ how, errno, rows }) => {
    const host = new Namespace()
    const client = new Sockets(host.name)
    const top = await Top.start('-d', 0.2)
    const told = tells('connects that sent nothing') ? rows : 0
    const address = '2001:db8::9'
    expect((await client.tell('connect', 0, address, 7_000, how))[0]).toBe(errno)
    const samples = await top.finish()
    expect(attempts(samples, client.pid, 7_000)).toMatchObject(
      Array.from({ length: told }, () => ({ remote: { address, port: 7_000 }, error: 'ENETUNREACH' })),
    )
    expect(samples.flatMap(sample => sample.connections).filter(row => row.pid === client.pid)).toHaveLength(told)
  })

  test('of a socket that was bound has its local address', async () => {
    const host = new Namespace()
    const client = new Sockets(host.name)
    const bound = await client.ask('bind', 0, HOST, 0)
    const top = await Top.start('-d', 0.2)
    expect((await client.tell('connect', 0, '10.9.9.9', 7_000))[0]).toBe(101)
    const samples = await top.finish()
    expect(attempts(samples, client.pid, 7_000)).toMatchObject(
      tells('connects that sent nothing') ? [{ local: { address: HOST, port: bound } }] : [],
    )
  })
})
