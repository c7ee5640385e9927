/** While the built program has the terminal it comes before all others, where it may; in everything else it does not. */

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { Pty, program } from '../support/pty.ts'

const open: Pty[] = []
afterEach(() => {
  for (const pty of open.splice(0)) pty.close()
})

function start(...[file, ...args]: readonly [string, ...string[]]): Pty {
  const pty = new Pty(file, args)
  open.push(pty)
  return pty
}

/** Nice value, real-time priority and scheduling policy (fields 19, 40 and 41 of proc(5)) of each thread, if they differ. */
function priorities(pid: number): string[] {
  const all = readdirSync(`/proc/${pid}/task`).map(thread => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `nice ${fields[16]}, real-time ${fields[37]}, policy ${fields[38]}`
  })
  return [...new Set(all)]
}

const ORDINARY = 'nice 0, real-time 0, policy 0'
/** SCHED_RR is 2. */
const FIRST = 'nice 0, real-time 1, policy 2'
/** What whoever runs the tests may do. */
const mayRaise = spawnSync('chrt', ['--rr', '1', 'true']).status === 0

it('is raised while the screen is shown', async () => {
  const pty = start(...program())
  await pty.see('events/s')
  expect(priorities(pty.pid)).toEqual([mayRaise ? FIRST : ORDINARY])
})

it('is not raised without CAP_SYS_NICE, of which nobody hears', async () => {
  const pty = start('setpriv', '--bounding-set', '-sys_nice', ...program())
  const lines = await pty.see('events/s')
  expect(priorities(pty.pid)).toEqual([ORDINARY])
  expect(lines.join('\n')).not.toMatch(/sys_nice|priority/i)
})

it('is not raised where somebody wants it to be low', async () => {
  const pty = start('nice', '-n', '5', ...program())
  await pty.see('events/s')
  expect(priorities(pty.pid)).toEqual(['nice 5, real-time 0, policy 0'])
})

it('is not raised for text', async () => {
  const pty = start(...program('--batch', '--delay', 0.2, '--view', 'syscalls'))
  await pty.see('native')
  expect(priorities(pty.pid)).toEqual([ORDINARY])
})
