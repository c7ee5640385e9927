/** However the screen ends, the terminal is as it was before and the reason stands on it. */

import { afterEach, describe, expect, it } from 'vitest'
import type { ProcessRow } from '../../../src/tracers/processes/row.ts'
import { everybodyLeaves, type Person, sitDown } from './person.ts'
import { processRow, sampleOf } from './samples.ts'

afterEach(everybodyLeaves)

/** Modes that the screen changes, as the terminal has them now. */
function modes({ stdin, stdout: { terminal } }: Person) {
  return {
    screen: terminal.buffer.active.type,
    raw: stdin.raw,
    paste: terminal.modes.bracketedPasteMode,
    wrap: terminal.modes.wraparoundMode,
    // The last one that was written counts.
  }
}
const AS_BEFORE = { screen: 'normal', raw: false, paste: false, wrap: true }
const TAKEN = { screen: 'alternate', raw: true, paste: true, wrap: false }

const cursorShown = ({ stdout: { written } }: Person): boolean =>
  written.lastIndexOf('\x1b[?25h') > written.lastIndexOf('\x1b[?25l')

/** A screen with a shell's text behind it. */
async function running(): Promise<Person> {
  const person = sitDown(80, 24)
  person.take(sampleOf())
  await person.see('nginx')
  await expect.poll(() => modes(person)).toEqual(TAKEN)
  return person
}

async function restored(person: Person): Promise<void> {
  await expect.poll(() => modes(person)).toEqual(AS_BEFORE)
  expect(cursorShown(person)).toBe(true)
  expect(person.look().join('').trim()).toBe('')
  await expect.poll(() => person.signals.eventNames()).toEqual([])
}

const broken = (): ProcessRow =>
  Object.defineProperty(processRow(), 'command', {
    get() {
      throw new Error('broken row')
    },
  })

describe.each([
  ['q', (person: Person) => person.type('q'), { reason: 'quit' }, ''],
  ['Ctrl-C', (person: Person) => person.type('\x03'), { reason: 'quit' }, ''],
  ['Ctrl-C in a prompt', (person: Person) => person.type('/q\x03'), { reason: 'quit' }, ''],
  ['the program', (person: Person) => person.screen.stop({ reason: 'done' }), { reason: 'done' }, ''],
  ['SIGTERM', signal('SIGTERM'), { reason: 'signal', signal: 'SIGTERM' }, 'ebpf-top: ended by SIGTERM\n'],
  ['SIGHUP', signal('SIGHUP'), { reason: 'signal', signal: 'SIGHUP' }, 'ebpf-top: ended by SIGHUP\n'],
  ['SIGINT', signal('SIGINT'), { reason: 'signal', signal: 'SIGINT' }, 'ebpf-top: ended by SIGINT\n'],
  [
    'the end of the terminal',
    (person: Person) => person.stdin.end(),
    { reason: 'signal', signal: 'SIGHUP' },
    'ebpf-top: ended by SIGHUP\n',
  ],
  [
    'a failing tracer',
    (person: Person) => person.screen.fail(new Error('lost the map')),
    { reason: 'error', error: expect.any(Error) },
    'ebpf-top: lost the map\n  what to do\n',
  ],
  [
    'an uncaught exception',
    (person: Person) => person.signals.emit('uncaughtException', new Error('thrown')),
    { reason: 'error', error: expect.any(Error) },
    'ebpf-top: thrown\n  what to do\n',
  ],
  [
    'an unhandled rejection',
    (person: Person) => person.signals.emit('unhandledRejection', new Error('rejected')),
    { reason: 'error', error: expect.any(Error) },
    'ebpf-top: rejected\n  what to do\n',
  ],
  [
    'an exception in a component',
    (person: Person) => person.take(sampleOf({ processes: [broken()] })),
    { reason: 'error', error: expect.any(Error) },
    'ebpf-top: broken row\n  what to do\n',
  ],
])('ended by %s', (_, act, end, printed) => {
  it('the terminal is as before and the reason stands on it', async () => {
    const person = await running()
    if (_ === 'an exception in a component') person.stdout.resize(200, 60)
    act(person)
    expect(await person.screen.ended).toEqual(end)
    await restored(person)
    expect(person.stderr.text).toBe(printed)
  })
})

function signal(name: NodeJS.Signals): (person: Person) => void {
  return person => {
    person.signals.emit(name, name)
  }
}

it('leaving the process without a word is the last net', async () => {
  const person = await running()
  person.signals.emit('exit', 0)
  await restored(person)
})

it('what is printed meanwhile comes after the screen, made harmless', async () => {
  const person = await running()
  console.error('a %s said\nthis\x1b[2J', 'library')
  person.type('q')
  await person.screen.ended
  expect(person.stderr.text).toBe('a library said\nthis?[2J\n')
  expect(person.stdout.written).not.toContain('library')
})

describe('suspended', () => {
  it('by Ctrl-Z, the terminal is as before until SIGCONT', async () => {
    const person = await running()
    const before = person.look()
    person.type('\x1a')
    await expect.poll(() => person.stopped).toEqual(['foreground'])
    await expect.poll(() => modes(person)).toEqual(AS_BEFORE)
    expect(cursorShown(person)).toBe(true)
    expect(person.signals.listenerCount('SIGTSTP')).toBe(0)
    person.signals.emit('SIGCONT', 'SIGCONT')
    await expect.poll(() => modes(person)).toEqual(TAKEN)
    expect(await person.see('nginx')).toEqual(before)
    expect(person.stopped).toEqual(['foreground', 'size asked'])
    person.type('2')
    await person.see('write')
  })

  it('by SIGTSTP it stops only itself', async () => {
    const person = await running()
    person.signals.emit('SIGTSTP', 'SIGTSTP')
    await expect.poll(() => person.stopped).toEqual(['self'])
    person.signals.emit('SIGTERM', 'SIGTERM')
    await person.screen.ended
    await restored(person)
  })

  it('before it hears keys, it hears them afterwards', async () => {
    const person = sitDown(80, 24)
    person.signals.emit('SIGTSTP', 'SIGTSTP')
    await expect.poll(() => person.stopped).toEqual(['self'])
    expect(modes(person)).toEqual(AS_BEFORE)
    person.take(sampleOf())
    person.signals.emit('SIGCONT', 'SIGCONT')
    await expect.poll(() => modes(person)).toEqual(TAKEN)
    await person.see('nginx')
    person.take(sampleOf())
    person.type('2')
    await person.see('write')
  })

  it('it comes back by itself where nobody can stop it', async () => {
    const person = await running()
    person.type('\x1a')
    await expect.poll(() => modes(person).screen).toBe('normal')
    await expect.poll(() => modes(person)).toEqual(TAKEN)
    await person.see('nginx')
  })

  it('by SIGSTOP, which asks nobody, everything is drawn again', async () => {
    const person = await running()
    person.stdout.terminal.write('\x1b[?1049l\x1b[?7h')
    await expect.poll(() => modes(person).screen).toBe('normal')
    person.signals.emit('SIGCONT', 'SIGCONT')
    await expect.poll(() => modes(person)).toEqual(TAKEN)
    await person.see('nginx')
  })
})
