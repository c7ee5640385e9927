/** What the screen does with rights that the program itself has not. */

import { readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { Pty, program } from '../support/pty.ts'

const open: Pty[] = []
afterEach(() => {
  for (const pty of open.splice(0)) pty.close()
})

function start(file: string, ...args: readonly string[]): Pty {
  const pty = new Pty(file, args, { columns: 140, rows: 30 })
  open.push(pty)
  return pty
}

function uidOf(pid: number): string | undefined {
  return /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
}

/** The state of a process (proc(5)). */
function stateOf(pid: number): string | undefined {
  return /^State:\t(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
}

it('measures the cost when it is asked for, again and again, and says what it holds', async () => {
  const [file, ...args] = program('--delay', 0.2)
  const pty = start(file, ...args)
  await pty.see('events/s')
  expect(uidOf(pty.pid)).toBe('65534')
  for (let round = 0; round < 2; round++) {
    pty.type('c')
    await pty.see('in the kernel')
    pty.type('c')
    await pty.see(lines => !lines.join('\n').includes('in the kernel'))
  }
  pty.type('?\x1b[F')
  await pty.see('as nobody, with CAP_BPF')
})

it('Ctrl-Z stops a script of root around it as well, and fg lets both go on', async () => {
  const words = program('--delay', 0.2).map(word => `'${word}'`)
  const pty = start('bash', '--norc', '--noprofile', '-i')
  // the script does not become the program, for something comes after it
  pty.type(`sh -c "${words.join(' ')}; echo over"\r`)
  for (let round = 0; round < 3; round++) {
    await pty.see('events/s')
    const script = await pty.until('a script', () => pty.children()[0])
    expect(uidOf(script)).toBe('0')
    pty.type('\x1a')
    await pty.see('Stopped')
    expect(stateOf(script)).toBe('T')
    pty.type('clear\rfg\r')
  }
  await pty.see('events/s')
  pty.type('q')
  await pty.see('over')
})
