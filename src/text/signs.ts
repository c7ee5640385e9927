/** Text for terminals whose locale is not UTF-8. */

import { cells } from './text.ts'
import { graphemes } from './width.ts'

/** Signs that the tables, the header and the help are made with, and what stands for them in ASCII, cell by cell. */
const ASCII: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '…': '~',
    '“': '"',
    '”': '"',
    '‘': "'",
    '’': "'",
    µ: 'u',
    '▲': '^',
    '▼': 'v',
    '↑': '^',
    '↓': 'v',
    '←': '<',
    '→': '>',
    '›': '>',
    '▸': '>',
    '█': '_',
    '│': '|',
    '─': '-',
    '·': '.',
    '•': '*',
    '–': '-',
    '×': 'x',
    '░': '.',
    '▒': ':',
    '▓': '#',
    ...Object.fromEntries(Array.from('▁▂▃▄▅▆▇', (bar, i) => [bar, '_.-=+*#'.charAt(i)])),
    ...Object.fromEntries(Array.from('┌┐└┘├┤┬┴┼', corner => [corner, '+'])),
  }),
)

const NOT_ASCII = /[^ -~]/

/** The text in as many cells, in ASCII: a sign that has no other is a `?` in each of its cells. It must be sanitized. */
export function toAscii(text: string): string {
  if (!NOT_ASCII.test(text)) return text
  return graphemes(text)
    .map(sign => (NOT_ASCII.test(sign) ? (ASCII.get(sign) ?? '?'.repeat(cells(sign))) : sign))
    .join('')
}

/** What the locale of an environment says about the bytes of text: LC_ALL, else LC_CTYPE, else LANG, as in setlocale(3). */
export function isUtf8({ LC_ALL, LC_CTYPE, LANG }: Readonly<Record<string, string | undefined>>): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}
