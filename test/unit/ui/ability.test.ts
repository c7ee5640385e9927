/** Which colours and characters a terminal is given. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isUtf8, toAscii } from '../../../src/text/signs.ts'
import { fitLine, paint, span, type Tone } from '../../../src/ui/lines/style.ts'
import { isUnaddressable, paletteFor } from '../../../src/ui/terminal/ability.ts'
import { readTerminfo } from '../../../src/ui/terminal/terminfo.ts'

interface Entry {
  readonly colours?: number
  readonly cup?: string
  readonly rev?: string
  readonly wide?: boolean
}

const MAX_COLORS = 13
const CURSOR_ADDRESS = 10
const ENTER_REVERSE_MODE = 34

/** A compiled description as in term(5). */
function compiled(name: string, { colours = -1, cup, rev, wide = false }: Entry): Buffer {
  const names = Buffer.from(`${name}|a terminal\0`)
  const texts = [cup, rev].map(text => (text === undefined ? Buffer.alloc(0) : Buffer.from(`${text}\0`)))
  const [cupText = Buffer.alloc(0), revText = Buffer.alloc(0)] = texts
  const header = Buffer.alloc(12)
  const sizes = [
    wide ? 0o1036 : 0o432,
    names.length,
    1,
    MAX_COLORS + 1,
    ENTER_REVERSE_MODE + 1,
    cupText.length + revText.length,
  ]
  for (const [i, value] of sizes.entries()) header.writeUInt16LE(value, 2 * i)
  const numbers = Buffer.alloc((wide ? 4 : 2) * (MAX_COLORS + 1), 0xff)
  numbers.writeIntLE(colours, numbers.length - (wide ? 4 : 2), wide ? 4 : 2)
  const strings = Buffer.alloc(2 * (ENTER_REVERSE_MODE + 1), 0xff)
  if (cup !== undefined) strings.writeInt16LE(0, 2 * CURSOR_ADDRESS)
  if (rev !== undefined) strings.writeInt16LE(cupText.length, 2 * ENTER_REVERSE_MODE)
  const flags = Buffer.alloc(1 + ((names.length + 1) % 2))
  return Buffer.concat([header, names, flags, numbers, strings, ...texts])
}

const CUP = '\x1b[%i%p1%d;%p2%dH'
const REV = '\x1b[7m'

const entries: Readonly<Record<string, Entry>> = {
  'own-eight': { colours: 8, cup: CUP, rev: REV },
  'own-many': { colours: 0x100_0000, cup: CUP, rev: REV, wide: true },
  'own-none': { cup: CUP, rev: REV },
  'own-plain': { cup: CUP },
  'own-other': { colours: 8, cup: '\x1bY%p1%c%p2%c', rev: REV },
  'own-paper': {},
}

const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-terminfo-'))
beforeAll(() => {
  mkdirSync(join(folder, 'o'))
  for (const [name, entry] of Object.entries(entries)) writeFileSync(join(folder, 'o', name), compiled(name, entry))
  writeFileSync(join(folder, 'o', 'own-broken'), Buffer.from([0x1a, 1, 9]))
})
afterAll(() => rmSync(folder, { recursive: true }))

const own = (TERM: string, more: Readonly<Record<string, string>> = {}) => ({ TERM, TERMINFO: folder, ...more })

describe('the terminal database', () => {
  it.each(Object.keys(entries))('knows %s', name => {
    const { colours = 0, cup = '', rev } = entries[name] ?? {}
    expect(readTerminfo(name, { TERMINFO: folder })).toEqual({
      colours,
      addressable: cup.startsWith('\x1b['),
      inverse: rev !== undefined,
    })
    expect(readTerminfo(name, { TERMINFO_DIRS: `/nowhere::${folder}` })).not.toBeNull()
  })

  it.each(['own-broken', 'own-absent', '../o/own-eight', '', 'o/own-eight'])('has nothing for %j', name => {
    expect(readTerminfo(name, { TERMINFO: folder })).toBeNull()
  })
})

describe('colours', () => {
  it.each<[string, Record<string, string>, string]>([
    ['a terminal that has them', own('own-eight'), 'colour'],
    ['one with millions', own('own-many'), 'colour'],
    ['one that has none', own('own-none'), 'mono'],
    ['one that has none, in a window that has', own('own-none', { COLORTERM: 'truecolor' }), 'mono'],
    ['one that has no styles either', own('own-plain'), 'none'],
    ['types that nobody describes', own('xterm-unheard-of'), 'colour'],
    ['', own('vt100'), 'mono'],
    ['', own('vt320-w'), 'mono'],
    ['', own('unheard-of-mono'), 'mono'],
    ['', own('unheard-of-m'), 'mono'],
    ['', own('dumb'), 'none'],
    ['NO_COLOR', own('own-eight', { NO_COLOR: '1' }), 'mono'],
    ['NO_COLOR, empty', own('own-eight', { NO_COLOR: '' }), 'colour'],
    ['FORCE_COLOR=0', own('own-eight', { FORCE_COLOR: '0' }), 'mono'],
    ['FORCE_COLOR=false', own('own-eight', { FORCE_COLOR: 'false' }), 'mono'],
    ['FORCE_COLOR=1', own('own-none', { FORCE_COLOR: '1' }), 'colour'],
    ['FORCE_COLOR=3 and NO_COLOR', own('own-eight', { FORCE_COLOR: '3', NO_COLOR: '1' }), 'mono'],
    ['CLICOLOR=0', own('own-eight', { CLICOLOR: '0' }), 'mono'],
    ['CLICOLOR=1', own('own-none', { CLICOLOR: '1' }), 'mono'],
    ['CLICOLOR_FORCE=1', own('own-none', { CLICOLOR: '0', CLICOLOR_FORCE: '1' }), 'colour'],
    ['CLICOLOR_FORCE=0', own('own-eight', { CLICOLOR: '0', CLICOLOR_FORCE: '0' }), 'mono'],
  ])('%s %j: %s', (_, environment, palette) => expect(paletteFor(environment)).toBe(palette))

  it('are not there where they are not wanted', () => {
    expect(paletteFor(own('own-eight'), false)).toBe('mono')
    expect(paletteFor(own('own-eight', { FORCE_COLOR: '1' }), false)).toBe('mono')
  })

  it.each([
    ['own-eight', false],
    ['own-other', true],
    ['own-paper', true],
    ['dumb', true],
    ['', true],
    ['xterm-unheard-of', false],
  ])('a screen is impossible on %j: %s', (type, impossible) => expect(isUnaddressable(own(type))).toBe(impossible))
})

/** Red, green and blue of the eight colours, from black to white, then text and ground, in terminals of the field. */
const SCHEMES: Readonly<Record<string, readonly string[]>> = {
  'xterm on black': [
    '000000',
    'cd0000',
    '00cd00',
    'cdcd00',
    '0000ee',
    'cd00cd',
    '00cdcd',
    'e5e5e5',
    'e5e5e5',
    '000000',
  ],
  'xterm on white': [
    '000000',
    'cd0000',
    '00cd00',
    'cdcd00',
    '0000ee',
    'cd00cd',
    '00cdcd',
    'e5e5e5',
    '000000',
    'ffffff',
  ],
  'Solarized dark': [
    '073642',
    'dc322f',
    '859900',
    'b58900',
    '268bd2',
    'd33682',
    '2aa198',
    'eee8d5',
    '839496',
    '002b36',
  ],
  'Solarized light': [
    '073642',
    'dc322f',
    '859900',
    'b58900',
    '268bd2',
    'd33682',
    '2aa198',
    'eee8d5',
    '657b83',
    'fdf6e3',
  ],
}

/** Relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map(at => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** 3 is what WCAG asks for large and bold text; grey text of Solarized has 2.8 to 4.1 itself. */
const CONTRAST_LEAST = 3

const TONES: readonly Tone[] = [
  'warning',
  'alarm',
  'accent',
  'heading',
  'sorted',
  'idle',
  'selected',
  'label',
  'paused',
]

describe.each(Object.keys(SCHEMES))('on %s', scheme => {
  it.each(TONES)('%s can be read, with eight colours', tone => {
    const colours = SCHEMES[scheme] ?? []
    const painted = paint([span('x', tone)], 'colour')
    const [, sgr = ''] = /\[([\d;]+)m/.exec(painted) ?? []
    let [text = '', ground = ''] = colours.slice(8)
    for (const parameter of sgr.split(';').map(Number)) {
      if (parameter >= 30 && parameter < 38) text = colours[parameter - 30] ?? ''
      else if (parameter >= 40 && parameter < 48) ground = colours[parameter - 40] ?? ''
      else expect([1]).toContain(parameter)
    }
    const [darker = 0, lighter = 0] = [luminance(text), luminance(ground)].sort((a, b) => a - b)
    expect((lighter + 0.05) / (darker + 0.05)).toBeGreaterThan(CONTRAST_LEAST)
  })
})

describe('characters', () => {
  it.each<[Record<string, string>, boolean]>([
    [{}, false],
    [{ LANG: 'C' }, false],
    [{ LANG: 'POSIX' }, false],
    [{ LANG: 'de_DE' }, false],
    [{ LANG: 'de_DE@euro' }, false],
    [{ LANG: 'de_DE.ISO-8859-15' }, false],
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'en_US.utf8' }, true],
    [{ LANG: 'de_DE.UTF-8@euro' }, true],
    [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, true],
    [{ LANG: 'C.UTF-8', LC_CTYPE: 'C' }, false],
    [{ LANG: 'C.UTF-8', LC_ALL: 'POSIX' }, false],
    [{ LANG: 'C', LC_CTYPE: 'C', LC_ALL: 'en_GB.UTF-8' }, true],
    [{ LANG: 'C.UTF-8', LC_ALL: '', LC_CTYPE: '' }, true],
  ])('%j is UTF-8: %s', (environment, utf8) => expect(isUtf8(environment)).toBe(utf8))

  it.each([
    ['plain', 'plain'],
    ['1.2µs ▼▲ … → █', '1.2us v^ ~ > _'],
    ['▁▂▃▄▅▆▇█ │┌┘', '_.-=+*#_ |++'],
    ['“it’s”', '"it\'s"'],
    ['été', '?t?'],
    ['e\u0301t', '?t'],
    ['漢字x', '????x'],
    ['👍🏽x', '??x'],
    ['שלום', '????'],
  ])('%j is %j in ASCII', (text, ascii) => {
    expect(toAscii(text)).toBe(ascii)
    expect(paint(fitLine([span(text)], 20), 'none', true)).toBe(ascii.padEnd(20))
  })
})
