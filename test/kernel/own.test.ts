/** The program leaves itself out of all that it shows, from the first sample on, and the processes that it starts too. */

import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { Top } from '../support/top.ts'

const open: Top[] = []
afterEach(async () => {
  // what else it says meanwhile, of locks that others hold, is not the matter here
  for (const top of open.splice(0)) await top.stop().catch(() => {})
})

/** Processes that a process has started and that run now. */
function children(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

it('in processes, slow calls, connections and listeners', async () => {
  const top = await Top.start('--delay', 0.1, '--slow', '1us')
  open.push(top)
  const own = new Set([top.pid, ...children(top.pid)])
  for (let i = 0; i < 15; i++) {
    await top.next()
    for (const pid of children(top.pid)) own.add(pid)
  }
  const seen = top.samples.flatMap(({ processes, slow_calls, connections, listeners }) =>
    [...processes, ...slow_calls, ...connections, ...listeners].filter(({ pid }) => pid !== null && own.has(pid)),
  )
  expect(seen).toEqual([])
  expect(top.samples.flatMap(sample => sample.processes).length).toBeGreaterThan(0)
})

it('tells what its maps take of the kernel’s memory, also once it has left root', async () => {
  const top = await Top.start('--delay', 0.1)
  open.push(top)
  const { self } = await top.next()
  const infos = readdirSync(`/proc/${top.pid}/fdinfo`).map(fd => readFileSync(`/proc/${top.pid}/fdinfo/${fd}`, 'utf8'))
  const maps = infos.flatMap(info => {
    const [id, bytes] = ['map_id', 'memlock'].map(name => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(info)?.[1])
    return id === undefined ? [] : [[id, Number(bytes)] as const]
  })
  const sum = [...new Map(maps).values()].reduce((all, bytes) => all + bytes, 0)
  // what hash maps take grows with their entries
  expect(self.map_bytes).toBeGreaterThan(0.9 * sum)
  expect(self.map_bytes).toBeLessThan(1.1 * sum)
})

it('but not where it is asked for', async () => {
  const top = await Top.start('--delay', 0.1)
  open.push(top)
  const other = await Top.start('--delay', 0.1, '--pid', top.pid)
  open.push(other)
  await other.next()
  expect(other.samples.flatMap(sample => sample.processes).map(row => row.pid)).toContain(top.pid)
})
