import stringWidth from 'string-width'
import { expect, it } from 'vitest'
import { cells, sanitize } from '../../../src/text/text.ts'

/** All but most of the thousands of ideographs, which are all alike. */
function* characters(): Generator<string> {
  const step = (code: number): number => (code < 0x3400 || (code >= 0x1f000 && code < 0x20000) ? 1 : 13)
  for (let code = 0x20; code < 0x40000; code += step(code)) {
    const text = String.fromCodePoint(code)
    if (sanitize(text) === text) yield text
  }
}

it('of every character is as string-width reckons it', { timeout: 30_000 }, () => {
  expect([...characters()].filter(text => cells(text) !== stringWidth(text))).toEqual([])
})

it.each([
  'nginx: worker process',
  '1.2µs ▼ → :443 …',
  '日本語プロセス',
  'ｶﾞｷﾞ',
  'e\u0301a\u0308x',
  'को कि',
  '각ᄀ',
  'ᄀ각',
  '🇩🇪🇯🇵',
  '👍🏽☝🏽',
  '❤☀😀',
  '1⃣#⃣',
])('of "%s" is as string-width reckons it', text => expect(cells(text)).toBe(stringWidth(text)))

// string-width reckons one cell, in which no terminal has room for both
it.each([
  ['กำ', 2],
  ['\u0e33\u0e33', 2],
  ['ກຳ', 2],
  ['क्ष', 2],
  ['श्री', 3],
  ['ൎx', 2],
])('of "%s" is %i, as most terminals draw it', (text, width) => expect(cells(text)).toBe(width))

it('of every character is the same behind a blank', () => {
  expect([...characters()].filter(text => cells(` ${text}`) !== 1 + cells(text))).toEqual([])
})
