import { spawn } from 'node:child_process'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endOf, listenerOn, unowned } from '../support/connections.ts'
import { Lines } from '../support/lines.ts'
import { askSs } from '../support/network.ts'
import { connectedPair } from '../support/pair.ts'
import { Sockets } from '../support/sockets.ts'
import { Top, tells } from '../support/top.ts'

const HOST = '127.0.0.1'

describe('the owner of a connection', () => {
  test('of a pre-fork server is the worker that accepted, and the listening socket is of the last one', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const workers = [await server.fork(), await server.fork(), await server.fork()]
    const top = await Top.start('-d', 0.2)
    const locals: number[] = []
    for (const [i, worker] of workers.entries()) {
      locals.push(await client.connect(i, HOST, port))
      await worker.tell('accept', 1, 0)
    }
    const open = await top.fresh()
    // not one of them was read or written
    for (const [i, worker] of workers.entries()) {
      expect(endOf([open], port, locals[i] ?? 0)).toMatchObject([{ pid: worker.pid, direction: 'inbound' }])
      expect(endOf([open], locals[i] ?? 0, port)).toMatchObject([{ pid: client.pid, direction: 'outbound' }])
      expect(askSs(port, locals[i] ?? 0).pids).toEqual([worker.pid])
    }
    const listener = tells('a later user of a connection') ? workers.at(-1) : server
    expect(listenerOn([open], port)).toMatchObject([{ pid: listener?.pid }])
    const samples = await top.finish()
    expect(unowned(samples)).toEqual([])
  })

  test('is who sends or receives: a child that has it from fork, a process that got it over a Unix socket', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const top = await Top.start('-d', 0.2)
    const receiver = await server.fork()
    const first = await client.connect(0, HOST, port)
    const second = await client.connect(1, HOST, port)
    await server.tell('accept', 1, 0)
    await server.tell('accept', 2, 0)
    const before = await top.fresh()
    for (const local of [first, second]) expect(endOf([before], port, local)).toMatchObject([{ pid: server.pid }])

    const isLater = tells('a later user of a connection')
    const holder = await server.fork()
    await holder.tell('name', 'holder')
    await holder.tell('send', 1, 1000, 'write')
    await server.tell('give', 2, receiver.index)
    await receiver.tell('take', 5)
    await client.tell('send', 1, 2000, 'write')
    await receiver.tell('receive', 5, 2000, 'read')
    const after = await top.fresh()
    expect(endOf([after], port, first)).toMatchObject([
      { ...(isLater ? { pid: holder.pid, name: 'holder' } : { pid: server.pid }), total_sent_bytes: 1000 },
    ])
    expect(endOf([after], port, second)).toMatchObject([
      { pid: (isLater ? receiver : server).pid, total_received_bytes: 2000 },
    ])
    const samples = await top.finish()
    expect(unowned(samples)).toEqual([])
  })

  test('has the name that the process has now', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, HOST, port)
    await client.tell('name', 'renamed')
    await client.tell('send', 0, 1, 'write')
    expect(endOf([await top.fresh()], local, port)).toMatchObject([{ pid: client.pid, name: 'renamed' }])
    await top.stop()
  })

  test('is another one that holds it, where the one that used it has ended', async () => {
    const { server, port, local, top } = await connectedPair()
    const user = await server.fork()
    await user.tell('send', 1, 1, 'write')
    const before = await top.fresh()
    const holder = tells('a later user of a connection') ? user : server
    expect(endOf([before], port, local)).toMatchObject([{ pid: holder.pid }])
    await user.exit()
    const left = await top.fresh()
    expect(askSs(port, local).pids).toEqual([server.pid])
    expect(endOf([left], port, local)).toMatchObject([{ pid: server.pid }])
    const samples = await top.finish()
    expect(unowned(samples)).toEqual([])
  })

  test('is another one that holds it, where the one that connected has ended', async () => {
    const server = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const top = await Top.start('-d', 0.2)
    const script = `exec 3<>/dev/tcp/${HOST}/${port}; sleep 60 & echo $!; read -r`
    const shell = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    const heir = Number(await new Lines(shell.stdout).next())
    onTestFinished(() => {
      process.kill(heir)
    })
    const holders = async () => (await top.fresh()).connections.filter(row => row.remote.port === port)
    expect(await holders()).toMatchObject([{ pid: shell.pid, direction: 'outbound' }])
    const ended = new Promise(resolve => shell.once('exit', resolve))
    shell.stdin.end('\n')
    await ended
    expect(await holders()).toMatchObject([{ pid: heir, name: 'sleep', direction: 'outbound' }])
    await top.stop()
  })

  test('older than the tool, and never used since, is who holds it', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const worker = await server.fork()
    const local = await client.connect(0, HOST, port)
    await worker.tell('accept', 1, 0)
    // nobody listens any more: that it is inbound is known all the same
    await server.tell('close', 0)
    await worker.tell('close', 0)
    const top = await Top.start('-d', 0.2)
    const [first] = top.samples
    const direction = tells('direction of older connections without a listener') ? 'inbound' : 'outbound'
    expect(endOf(first === undefined ? [] : [first], port, local)).toMatchObject([
      { pid: worker.pid, direction, age_is_minimum: true, opened: false },
    ])
    expect(endOf(first === undefined ? [] : [first], local, port)).toMatchObject([
      { pid: client.pid, direction: 'outbound', age_is_minimum: true },
    ])
    const samples = await top.finish()
    expect(unowned(samples)).toEqual([])
  })

  test('that waits to be accepted is its listener’s, and then of the process that takes it by io_uring', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const worker = await server.fork()
    const top = await Top.start('-d', 0.2)
    const local = await client.connect(0, HOST, port)
    expect(endOf([await top.fresh()], port, local)).toMatchObject([{ pid: server.pid }])
    await worker.tell('accept', 1, 0, 'uring')
    expect(endOf([await top.fresh()], port, local)).toMatchObject([{ pid: worker.pid }])
    const samples = await top.finish()
    expect(unowned(samples)).toEqual([])
  })

  test('is the last one while a connection outlives it', async () => {
    const server = new Sockets()
    const client = new Sockets()
    const port = await server.ask('listen', 0, HOST, 0, 10)
    const top = await Top.start('-d', 0.2)
    // FIN_WAIT1: what it sent does not fit into the peer's window, so that its end cannot be told
    const sender = await client.fork()
    await sender.tell('connect', 0, HOST, port)
    const local = await server.ask('accept', 1, 0)
    const [sent = 0] = await sender.tell('fill', 0)
    await sender.exit()
    const orphan = await top.fresh()
    expect(askSs(local, port).pids).toEqual([])
    expect(endOf([orphan], local, port)).toMatchObject([
      { pid: sender.pid, name: 'sockets', state: 'FIN_WAIT1', closed_by: 'local', closed: false },
    ])
    // the peer takes all of it at last
    expect(await server.ask('receive', 1, sent, 'read')).toBe(sent)
    await server.tell('end', 1)
    await server.tell('close', 1)
    const samples = await top.finish()
    expect(endOf(samples, local, port).at(-1)).toMatchObject({
      pid: sender.pid,
      closed: true,
      total_sent_bytes: sent,
      closed_by: 'local',
    })
    expect(unowned(samples)).toEqual([])
  })
})
