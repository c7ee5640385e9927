/** What ordinary users can do to it (test/workloads/hostile.c): samples go on, memory stays bounded, and it ends. */

import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endOf } from '../support/connections.ts'
import { isCompat, type JsonSample, lost, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

/** What the program may keep in memory whatever users do, in kB. */
const MOST_KB = 150_000

/** The most that a process has had in memory, in kB. */
function peakOf(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

async function attack(...args: readonly (string | number)[]): Promise<Workload> {
  const workload = await Workload.start('hostile', ...args)
  onTestFinished(() => workload.kill())
  return workload
}

describe('samples go on, within their memory, beside an ordinary user with', () => {
  test.each([
    ['a command line of 1500 MB', 'command', 1500],
    ['150,000 empty arguments', 'arguments', 150_000],
    ['names and arguments that a terminal would obey', 'names', 10],
    ['processes that change their names and arguments all the time', 'renames', 4],
    ['hundreds of network namespaces', 'namespaces', 300],
    ['threads by the thousand', 'threads', 1000],
    ['hundreds of processes a second', 'processes', 300],
    ['processes that make all calls there are', 'calls', 20],
    ['thousands of failed connects a second', 'connects', 5000],
    ['thousands of listening sockets', 'sockets', 10_000],
    ['programs without a file, with names that a terminal would obey', 'execs', 4],
    ['processes that are traced, wait for a child, or are zombies', 'stops', 100],
    ['threads that change their names all the time', 'labels', 100],
    ['thousands of Unix sockets', 'unix', 5000],
    ['connections by MPTCP, and sockets of other protocols', 'mptcp', 1000],
  ])('%s', async (_, ...args) => {
    await attack(...args)
    const top = await Top.start('-d', 0.5)
    for (let i = 0; i < 6; i++) await top.next()
    expect(peakOf(top.pid)).toBeLessThan(MOST_KB)
    // what there was no room for is said in a note, which is not the matter here
    await top.stop().catch((error: Error) => expect(error.message).toMatch(/^it ended with status 0/))
  })
})

test('the owner of a connection is found behind any number of its descriptors', async () => {
  const user = await attack('descriptors', 15_000)
  const top = await Top.start('-d', 0.2)
  const [port = 0, server = 0] = await user.work()
  let rows = endOf([await top.fresh()], port, server)
  // it may take some walks to come to it
  while (rows.length === 0 || rows.some(row => row.pid === null)) rows = endOf([await top.next()], port, server)
  expect(rows).toMatchObject([{ pid: user.pid, name: 'hostile' }])
  expect(lost(await top.finish(), 'connections')).toBe(0)
})

test('connections in more network namespaces than are looked into are told exactly, or lost', async () => {
  const [namespaces, connects] = [100, 10]
  const user = await attack('namespaces', namespaces)
  const top = await Top.start('-d', 0.5)
  // nobody else's
  const isElsewhere = (row: JsonSample['connections'][number]): boolean => row.network_namespace !== null
  await user.work()
  await top.fresh()
  for (let i = 0; i < 4; i++) await top.next()
  const ends = top.samples.flatMap(sample => sample.connections).filter(row => row.closed && row.name === 'hostile')
  const whole = ends.filter(row => row.total_sent_bytes + row.total_received_bytes === 10 && isElsewhere(row))
  expect(ends).toHaveLength(2 * namespaces * connects)
  if (!isCompat) expect(whole).toHaveLength(ends.length)
  // others may have lost some as well
  else expect(lost(top.samples, 'connections')).toBeGreaterThanOrEqual(ends.length - whole.length)
  await top.stop().catch((error: Error) => expect(error.message).toMatch(/^it ended with status 0/))
})

test('no process is missing for what it calls itself', async () => {
  const user = await attack('names', 10)
  const top = await Top.start('-d', 0.5)
  const sample = await top.fresh()
  await top.stop()
  const children = readFileSync(`/proc/${user.pid}/task/${user.pid}/children`, 'utf8').trim().split(' ').map(Number)
  expect(children).toHaveLength(10)
  expect(sample.processes.map(row => row.pid)).toEqual(expect.arrayContaining(children))
})
