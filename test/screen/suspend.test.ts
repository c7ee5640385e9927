/** Ctrl-Z and fg under a shell with job control. */

import { afterEach, expect, it } from 'vitest'
import { Pty, program } from '../support/pty.ts'

const open: Pty[] = []
afterEach(() => {
  for (const pty of open.splice(0)) pty.close()
})

/** An interactive bash whose prompt is `$ `, without anybody's configuration. */
async function bash(): Promise<Pty> {
  const pty = new Pty('bash', ['--norc', '--noprofile', '-i'], {
    columns: 100,
    environment: { PS1: '$ ', PS2: '', PROMPT_COMMAND: '', INPUTRC: '/dev/null' },
  })
  open.push(pty)
  // readline would mark pastes itself
  pty.type("bind 'set enable-bracketed-paste off'; clear\r")
  await pty.see(lines => lines[0] === '$')
  return pty
}

const quoted = program('--delay', 0.2)
  .map(word => `'${word}'`)
  .join(' ')

/** What `stty -g` says as the shell runs it, after a mark. */
async function lineModes(pty: Pty, mark: string): Promise<string> {
  pty.type(`echo ${mark}=$(stty -g)\r`)
  const begins = `${mark}=`
  const lines = await pty.see(seen => seen.some(line => line.startsWith(begins)) && seen.includes('$'))
  return lines.find(line => line.startsWith(begins))?.slice(begins.length) ?? ''
}

const drawn = (lines: string[]): boolean => lines.some(line => /events\/s [\d.]+/.test(line))
const shellAgain = (lines: string[]): boolean => lines.some(line => line.includes('Stopped')) && lines.includes('$')

it('Ctrl-Z gives the terminal back to the shell, and fg brings the screen back', async () => {
  const pty = await bash()
  const before = await lineModes(pty, 'before')
  for (const round of ['first', 'second']) {
    pty.type(round === 'first' ? `${quoted}\r` : 'fg\r')
    await pty.see(drawn)
    expect(pty.modes).toEqual({ screen: 'alternate', cursor: 'hidden', wraps: false, pasteMarked: true })
    pty.type('\x1a')
    await pty.see(shellAgain)
    expect(pty.modes).toEqual({ screen: 'normal', cursor: 'shown', wraps: true, pasteMarked: false })
    expect(await lineModes(pty, round)).toBe(before)
    pty.type('clear\r')
    await pty.see(lines => lines[0] === '$')
  }
  pty.resize(120, 30)
  pty.type('fg\r')
  await pty.see(lines => drawn(lines) && lines.at(-1)?.includes('Quit') === true && lines.length === 30)
  pty.type('2')
  await pty.see('SYSCALL')
  pty.type('q')
  await pty.see(lines => lines.at(-1) !== undefined && lines.includes('$') && !drawn(lines))
  pty.type('echo status=$?\r')
  await pty.see('status=0')
  expect(await lineModes(pty, 'after')).toBe(before)
})

it('kill -STOP, which asks nobody, and fg redraw the screen', async () => {
  const pty = await bash()
  pty.type(`${quoted}\r`)
  await pty.see(drawn)
  const [child] = pty.children()
  if (child === undefined) throw new Error('the program does not run')
  process.kill(child, 'SIGSTOP')
  await pty.until('with the shell', () => (pty.written.includes('Stopped') ? true : undefined))
  pty.type('\rfg\r')
  await pty.see(lines => drawn(lines) && lines.at(-1)?.includes('Quit') === true)
  pty.type('q')
  await pty.see(lines => lines.includes('$') && !drawn(lines))
  pty.type('echo status=$?\r')
  await pty.see('status=0')
})
