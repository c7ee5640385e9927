/** The built program comes before all others where somebody asks for it, while it has the terminal and takes little. */

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { Pty, program } from '../support/pty.ts'

const open: { close(): void }[] = []
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
  const all = readdirSync(`/proc/${pid}/task`).flatMap(thread => {
    const stat = statOf(pid, thread)
    if (stat === null) return []
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return [`nice ${fields[16]}, real-time ${fields[37]}, policy ${fields[38]}`]
  })
  return [...new Set(all)]
}

/** null: the thread has ended since it was listed. */
function statOf(pid: number, thread: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
  } catch {
    return null
  }
}

const ORDINARY = 'nice 0, real-time 0, policy 0'
/** SCHED_RR is 2. */
const FIRST = 'nice 0, real-time 1, policy 2'
/** What whoever runs the tests may do. */
const mayRaise = spawnSync('chrt', ['--rr', '1', 'true']).status === 0

it('is an ordinary process if nobody asks for more', async () => {
  const pty = start(...program())
  await pty.see('events/s')
  expect(priorities(pty.pid)).toEqual([ORDINARY])
})

it('comes first with --realtime, while the screen is shown', async () => {
  const pty = start(...program('--realtime'))
  await pty.see('events/s')
  // threads that have begun meanwhile among them
  const wanted = mayRaise ? FIRST : ORDINARY
  await pty.until(wanted, () => (priorities(pty.pid).join() === wanted ? true : undefined))
})

it('is not raised without CAP_SYS_NICE, which it says', async () => {
  const pty = start('setpriv', '--bounding-set', '-sys_nice', ...program('--realtime'))
  await pty.see('real-time priority needs CAP_SYS_NICE')
  expect(priorities(pty.pid)).toEqual([ORDINARY])
})

it('keeps the priority that somebody else gave it', async () => {
  const pty = start('nice', '-n', '5', ...program())
  await pty.see('events/s')
  expect(priorities(pty.pid)).toEqual(['nice 5, real-time 0, policy 0'])
})

it('is an ordinary process again when it takes more than a tenth of a processor', async () => {
  const pty = start(...program('--realtime', '--delay', 0.1))
  await pty.see('events/s')
  // drawing all it has, as fast as keys can ask for it
  const typing = setInterval(() => pty.type('r>\x0c'.repeat(20)), 20)
  open.push({ close: () => clearInterval(typing) })
  const ordinary = (): true | undefined => (priorities(pty.pid).join() === ORDINARY ? true : undefined)
  expect(ordinary()).toBe(mayRaise ? undefined : true)
  await pty.until('an ordinary process', ordinary)
})

it('is not raised for text', async () => {
  const pty = start(...program('--batch', '--delay', 0.2, '--view', 'syscalls'))
  await pty.see('native')
  expect(priorities(pty.pid)).toEqual([ORDINARY])
})
