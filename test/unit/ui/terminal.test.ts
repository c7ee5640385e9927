/** Terminals as they are: slow, stuck, small, without an alternate screen, left in disorder by somebody else. */

import headless from '@xterm/headless'
import { afterEach, describe, expect, it } from 'vitest'
import { everybodyLeaves, type Person, sitDown } from './person.ts'
import { fullSample, processRow, sampleOf } from './samples.ts'

afterEach(everybodyLeaves)

const ESC = '\x1b'

const later = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))

describe('over a slow line', () => {
  async function filtered(): Promise<Person> {
    const person = sitDown(80, 24, { pids: [12] })
    person.take(fullSample())
    await person.see('filter pid 12')
    return person
  }

  it.each([
    ['Down', ESC, '[B'],
    ['Down', `${ESC}[`, 'B'],
    ['Down', ESC, '[', 'B'],
    ['Up', ESC, 'OA'],
    ['F5', ESC, '[15~'],
    ['F5', `${ESC}[1`, '5', '~'],
    ['the colour', `${ESC}]11;rgb:ffff`, '/ffff/ffff\x07'],
    ['the colour', `${ESC}]11;rgb:ffff/ffff/ffff${ESC}`, '\\'],
    ['a mouse', `${ESC}[M`, ' q', '!'],
  ])('%s in pieces is one: %j %j', async (_, ...parts) => {
    const person = await filtered()
    for (const part of parts) {
      person.type(part)
      await later(100)
    }
    person.type('6')
    await person.see('TOOK')
    await person.see('filter pid 12')
    expect(person.told).toEqual([])
  })

  it('Esc alone acts, and what comes behind it is a key', async () => {
    const person = await filtered()
    person.type(ESC)
    await person.see('filter none')
    person.type('6')
    await person.see('TOOK')
  })

  it('Alt with a key does nothing', async () => {
    const person = await filtered()
    person.type(`${ESC}q${ESC}6${ESC}P${ESC}\\${ESC}/`)
    await later(50)
    person.type('2')
    await person.see('call_0')
    await person.see('filter pid 12')
  })

  it('a paste without an end has one, and keys are keys again', async () => {
    const person = await filtered()
    person.type('/')
    await person.see('Filter: █')
    person.type(`${ESC}[200~worker-1`)
    await person.see('Filter: worker-1█')
    person.type('2')
    await person.see('Filter: worker-12█')
  })
})

describe('a terminal that does not read', () => {
  it('gets no frames meanwhile, and the newest when it reads again', async () => {
    const person = sitDown(120, 30, { view: 'processes' })
    person.take(sampleOf({ processes: [processRow({ name: 'first' })] }))
    await person.see('first')
    person.stdout.hold()
    const before = person.stdout.written.length
    for (let i = 0; i < 200; i++) {
      person.take(sampleOf({ processes: [processRow({ name: `name-${i}` })] }))
      await later(1)
    }
    // the one frame that was under way
    expect(person.stdout.written.length - before).toBeLessThan(10_000)
    expect(person.stdout.written).not.toContain('name-199')
    person.stdout.readAgain()
    await person.see('name-199')
  })

  it('does not hold up the end', async () => {
    const person = sitDown(80, 24)
    person.take(sampleOf())
    await person.see('nginx')
    person.stdout.hold()
    person.take(sampleOf({ processes: [processRow({ name: 'other' })] }))
    person.signals.emit('SIGTERM', 'SIGTERM')
    expect(await person.screen.ended).toEqual({ reason: 'signal', signal: 'SIGTERM' })
    person.stdout.readAgain()
  })
})

it('modes that another program left on are off', async () => {
  const person = sitDown(80, 24)
  const { terminal } = person.stdout
  person.screen.stop({ reason: 'done' })
  await person.screen.ended
  terminal.write('\x1b[?1003h\x1b[?1006h\x1b[?1004h\x1b[?6h\x1b[4h\x1b[?1h\x1b[5;10r\x1b(0')
  await expect.poll(() => terminal.modes.mouseTrackingMode).toBe('any')
  const written = person.stdout.written.split('\x1b[?1049h').at(1) ?? ''
  terminal.write(`\x1b[?1049h${written.split('\x1b[?2026h')[0]}`)
  await expect.poll(() => terminal.modes.mouseTrackingMode).toBe('none')
  expect(terminal.modes).toMatchObject({
    sendFocusMode: false,
    originMode: false,
    insertMode: false,
    applicationCursorKeysMode: false,
  })
})

it.each(['q', '\x03', '\x1a'])('without an alternate screen nothing of the tables stays after %j', async key => {
  const person = sitDown(80, 24)
  person.take(fullSample())
  await person.see('worker-0')
  person.type(key)
  await expect.poll(() => person.stdout.written).toContain('\x1b[?1049l')
  const old = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true })
  const bytes = person.stdout.written.replaceAll('\x1b[?1049h', '').replaceAll('\x1b[?1049l', '')
  await new Promise<void>(resolve => old.write(`before${bytes}$ `, resolve))
  const buffer = old.buffer.active
  const lines = Array.from({ length: 24 }, (_, y) => buffer.getLine(y)?.translateToString(true) ?? '')
  expect(lines[buffer.cursorY]?.trimEnd()).toBe('$')
  expect(lines.slice(buffer.cursorY + 1).join('')).toBe('')
})

it('a new size never shows an empty screen', async () => {
  const person = sitDown(120, 40)
  person.take(fullSample())
  await person.see('worker-0')
  person.stdout.written = ''
  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
    [59, 9],
    [120, 40],
  ] as const) {
    person.stdout.resize(columns, rows)
    await person.see(columns < 60 ? 'too small' : 'Quit')
  }
  person.type('\x0c')
  await later(50)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  const outside = person.stdout.written.replaceAll(/\x1b\[\?2026h.*?\x1b\[\?2026l/gs, '')
  expect(outside).toBe('')
  expect(person.stdout.written).not.toContain('\x1b[2J')
})

it('on a terminal that is too small nothing acts unseen but the end', async () => {
  const person = sitDown(80, 24)
  person.take(fullSample())
  await person.see('worker-0')
  const before = person.look()
  person.stdout.resize(50, 20)
  await person.see('too small')
  person.type(`\rcP1\r/zzz\t2 ?+-bnr>j\x1b[200~x\x1b[201~`)
  person.type(ESC)
  await later(300)
  person.stdout.resize(80, 24)
  await person.see(seen => seen.join('\n') === before.join('\n'))
  expect(person.told).toEqual([])
  person.type('/ab')
  await person.see('Filter: ab█')
  person.stdout.resize(50, 20)
  await person.see('too small')
  person.type('cd')
  await later(50)
  person.stdout.resize(80, 24)
  await person.see('Filter: ab█')
  person.stdout.resize(50, 20)
  await person.see('too small')
  person.type('q')
  expect(await person.screen.ended).toEqual({ reason: 'quit' })
})
