/** Text behind a name stands where it is to stand, in terminals that draw the name wider or narrower than reckoned. */

import headless from '@xterm/headless'
import { afterEach, describe, expect, it } from 'vitest'
import { cells, fitText, sanitize } from '../../../src/text/text.ts'
import { placed } from '../../../src/ui/terminal/placing.ts'
import { everybodyLeaves, sitDown } from './person.ts'
import { processRow, sampleOf } from './samples.ts'

afterEach(everybodyLeaves)

const NAMES = [
  'plain',
  'น้ำ',
  'नमस्त',
  '👍🏽x',
  '🇩🇪🇯🇵',
  '❤☀⌚',
  'שלום',
  'سلام',
  'שלום 12 עולם',
  '漢字テスト',
  'e\u0301tude',
  'ｶﾞhalf',
  '한글',
  '각ᄀᄀ',
  'кири',
  '\u0e33\u0e33',
  'กຳก็',
  'क्षत्र',
  'ൎx',
  '👨?👩?👧',
  'á¡§…“”',
  '\u0301mark',
  `z${'\u0301'.repeat(40)}z`,
  `ка${'\u20dd\u0489'.repeat(9)}`,
  `क${'्क'.repeat(30)}`,
  `👍${'🏽'.repeat(20)}`,
]

/** Cells of one row of a terminal after text was written to it. */
async function row(text: string, columns = 80): Promise<string[]> {
  const terminal = new headless.Terminal({ cols: columns, rows: 3, allowProposedApi: true })
  await new Promise<void>(resolve => terminal.write(text, resolve))
  const line = terminal.buffer.active.getLine(0)
  return Array.from({ length: columns }, (_, x) => line?.getCell(x)?.getChars() ?? '')
}

describe.each(NAMES)('%s', name => {
  it('moves nothing to its right', async () => {
    const cell = ` ${fitText(sanitize(name), 19, 'left')}`
    const line = `\x1b[1;31m${cell}\x1b[22;39m 12345 \x1b[7mnginx\x1b[27m`
    const drawn = await row(`\x1b[?7l${placed(line, 1)}`)
    expect(drawn.slice(20, 32).join('').replaceAll('\u200e', '').trim()).toMatch(/^ ?12345 ?nginx$/)
    expect(drawn[21]).toBe('1')
    expect(drawn[31]).toBe('x')
  })

  it('is reckoned in bounds, and so are its bytes', () => {
    const long = sanitize(name.repeat(500))
    for (const width of [1, 7, 20]) {
      for (const cut of ['end', 'middle'] as const) {
        const fitted = fitText(long, width, 'left', cut)
        expect(cells(fitted)).toBe(width)
        expect(fitted.length).toBeLessThanOrEqual(16 * (width + 1))
      }
    }
  })
})

it('a line of ASCII is left as it is', () => {
  const line = ' 100 nginx \x1b[2m0\x1b[22m 1.2µs'
  expect(placed(line, 7)).toBe(line)
})

it('text from right to left ends with a mark of the other direction, which numbers behind it need', () => {
  expect(placed('  שלום  12', 3)).toBe('  שלום\u200e\x1b[3;7H  12')
  expect(placed('سل 1', 1)).toBe('سل\u200e\x1b[1;3H 1')
})

it('columns of a whole screen are in line', async () => {
  const person = sitDown(160, 40, { view: 'processes', sort: 'pid' })
  const processes = NAMES.map((name, i) => processRow({ pid: 100 + i, name, command: 'the-end', syscalls: 12_345 }))
  person.take(sampleOf({ processes }))
  await person.see('the-end')
  const { terminal } = person.stdout
  const ends = Array.from({ length: 40 }, (_, y) => {
    const line = terminal.buffer.active.getLine(y)
    const chars = Array.from({ length: 160 }, (_, x) => line?.getCell(x)?.getChars() ?? '')
    return chars.join('').includes('the-end') ? chars.findLastIndex(char => char.trim() !== '') : null
  }).filter(end => end !== null)
  expect(ends).toHaveLength(NAMES.length)
  expect(new Set(ends).size).toBe(1)
})
