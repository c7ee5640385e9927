import { expect, onTestFinished, test } from 'vitest'
import { type Connection, endOf } from '../support/connections.ts'
import { Told } from '../support/sockets.ts'
import { isCompat, lost, sum, Top } from '../support/top.ts'
import { compiled } from '../support/workload.ts'

const PAGE = 4096

/** A process with connections, one of which is locked for as long as it is told (test/workloads/held.c). */
class Held extends Told {
  constructor() {
    super([compiled('held')])
    // what waits in the kernel with it can end then
    onTestFinished(() => this.kill())
  }

  /** The ports of the client and of the server. */
  async open(): Promise<[number, number]> {
    const [client = 0, server = 0] = await this.tell('open')
    return [client, server]
  }
}

/** Lets some samples be taken, all of which come though a socket is locked. */
async function some(top: Top, count = 4): Promise<void> {
  for (let i = 0; i < count; i++) await top.next()
}

/** The rows of a connection in the first sample in which it could be read again: who waited for its lock has to see that. */
async function freed(top: Top, ports: readonly [number, number]): Promise<Connection[]> {
  for (let i = 0; ; i++) {
    const rows = endOf([await top.fresh()], ...ports)
    if (rows.some(row => !row.busy) || i === 20) return rows
  }
}

test('a locked socket holds up no sample, and what it moved is told later, exactly', async () => {
  const held = new Held()
  const other = await held.open()
  const locked = await held.open()
  const top = await Top.start('-d', 0.2)
  await held.tell('hold')
  await held.tell('send', 70_001)
  await some(top)
  const during = await top.fresh()
  expect(endOf([during], ...other)).toMatchObject([{ total_sent_bytes: 70_011, busy: false }])
  expect(endOf([during], ...locked)).toMatchObject([
    { pid: held.pid, state: 'ESTABLISHED', total_sent_bytes: 10, sent_bytes: 0, busy: true },
  ])
  await held.tell('release')
  expect(await freed(top, locked)).toMatchObject([{ total_sent_bytes: 10 + PAGE, busy: false }])
  const samples = await top.finish()
  expect(sum(endOf(samples, ...locked), row => row.sent_bytes)).toBe(PAGE)
  expect(sum(endOf(samples, ...other), row => row.sent_bytes)).toBe(70_001)
  expect(lost(samples.slice(1), 'connections')).toBe(0)
})

test('one that closes before it could be read again has moved it all in its last sample', async () => {
  const held = new Held()
  const locked = await held.open()
  const top = await Top.start('-d', 0.2)
  await held.tell('hold')
  await some(top)
  await held.tell('release')
  await held.tell('close')
  const samples = await top.finish()
  const rows = endOf(samples, ...locked)
  expect(rows.filter(row => row.closed)).toMatchObject([{ total_sent_bytes: 10 + PAGE, busy: false }])
  expect(sum(rows, row => row.sent_bytes)).toBe(PAGE)
})

test('one that is locked when the program starts holds up neither the start nor its end', async () => {
  const held = new Held()
  const other = await held.open()
  const locked = await held.open()
  await held.tell('hold')
  const top = await Top.start('-d', 0.2)
  await held.tell('send', 1_000)
  const during = await top.fresh()
  expect(endOf([during], ...other)).toMatchObject([{ pid: held.pid, total_sent_bytes: 1_010 }])
  // compatible mode sees it when it can be read
  if (!isCompat) {
    expect(endOf([during], ...locked)).toMatchObject([{ pid: held.pid, state: 'ESTABLISHED', busy: true }])
  }
  await held.tell('release')
  await held.tell('send', 1_000)
  expect(await freed(top, locked)).toMatchObject([{ total_sent_bytes: 10 + PAGE, busy: false }])
  await held.tell('close')
  const samples = await top.finish()
  expect(sum(endOf(samples, ...other), row => row.sent_bytes)).toBe(2_000)
})

test('a program that is told to end while a socket is locked ends', async () => {
  const held = new Held()
  await held.open()
  await held.tell('hold')
  const top = await Top.start('-d', 0.2)
  await some(top)
  await top.stop()
})
