/** Editing a line as in a shell, and the prompts that do it. */

import { afterEach, describe, expect, it } from 'vitest'
import { type EditedLine, EMPTY_LINE, edit, insert } from '../../../src/ui/prompt/line.ts'
import { type Input, InputDecoder } from '../../../src/ui/terminal/input.ts'
import { everybodyLeaves, type Person, sitDown } from './person.ts'
import { fullSample } from './samples.ts'

afterEach(everybodyLeaves)

const LEFT = '\x1b[D'
const RIGHT = '\x1b[C'
const UP = '\x1b[A'
const DOWN = '\x1b[B'
const HOME = '\x1b[H'
const END = '\x1b[F'
const DELETE = '\x1b[3~'
const CTRL_RIGHT = '\x1b[1;5C'
const CTRL_LEFT = '\x1b[1;5D'

function after(line: EditedLine, input: Input): EditedLine {
  if (input.type === 'paste') return insert(line, input.text)
  return edit(line, input.key) ?? ([...input.key].length === 1 ? insert(line, input.key) : line)
}

/** The line after these bytes, with `|` where the cursor is. */
function typed(bytes: string): string {
  const { text, cursor } = new InputDecoder().push(Buffer.from(bytes)).reduce(after, EMPTY_LINE)
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`
}

it.each([
  ['abc', 'abc|'],
  [`abc${LEFT}X`, 'abX|c'],
  [`abc${LEFT}${LEFT}${RIGHT}X`, 'abX|c'],
  [`abc${HOME}X`, 'X|abc'],
  ['abc\x01X', 'X|abc'],
  [`abc${HOME}${END}X`, 'abcX|'],
  ['abc\x01\x05X', 'abcX|'],
  ['abc\x02\x02\x06X', 'abX|c'],
  [`abc${HOME}${LEFT}${DELETE}`, '|bc'],
  ['abc\x01\x04', '|bc'],
  [`abc${RIGHT}${DELETE}`, 'abc|'],
  [`abc${LEFT}\x7f`, 'a|c'],
  [`abc${HOME}\x7f`, '|abc'],
  ['one two\x17', 'one |'],
  ['one two  \x17', 'one |'],
  [`one two${LEFT}\x17`, 'one |o'],
  ['abc\x15', '|'],
  [`abcd${LEFT}${LEFT}\x15`, '|'],
  [`abcd${LEFT}${LEFT}\x0b`, 'ab|'],
  [`abcd${LEFT}${LEFT}\x0b\x01\x19`, 'cd|ab'],
  ['abc\x15\x19\x19', 'abcabc|'],
  [`foo bar.baz${CTRL_LEFT}X`, 'foo bar.X|baz'],
  [`foo bar.baz${CTRL_LEFT}${CTRL_LEFT}${CTRL_LEFT}X`, 'X|foo bar.baz'],
  [`foo bar${HOME}${CTRL_RIGHT}X`, 'fooX| bar'],
  ['foo bar\x1bbX', 'foo X|bar'],
  ['foo bar\x01\x1bfX', 'fooX| bar'],
  ['foo bar.baz\x1b\x7f', 'foo bar.|'],
  ['foo bar\x01\x1bd', '| bar'],
  ['ab\x14', 'ba|'],
  [`abc${LEFT}\x14`, 'acb|'],
  ['a\x14', 'a|'],
  ['né漢\x7f', 'né|'],
  ['ae\u0301\x7f', 'a|'],
  [`👍🏽👍🏽${LEFT}\x7f`, '|👍🏽'],
  [`漢字${HOME}${RIGHT}X`, '漢X|字'],
  [`${LEFT}${RIGHT}${HOME}${END}${DELETE}\x7f\x17\x15\x0b\x19\x14\x1bb\x1bf\x1bd`, '|'],
  [`\x1b[200~${'x'.repeat(9999)}\x1b[201~`, `${'x'.repeat(256)}|`],
])('%j is %s', (bytes, line) => expect(typed(bytes)).toBe(line))

/** What the prompt shows, with `|` where the cursor is seen. */
function prompt(person: Person): string {
  const line = person.look().at(-1) ?? ''
  const { terminal, rows } = person.stdout
  const buffer = terminal.buffer.active.getLine(rows - 1)
  const [, label = '', text = ''] = /^( \w+: )(.*)█/.exec(line) ?? []
  const chars = Array.from(text, (char, i) => (buffer?.getCell(label.length + i)?.isInverse() ? `|${char}` : char))
  return chars.join('') + (chars.some(char => char.startsWith('|')) ? '' : '|')
}

describe('the prompt', () => {
  async function opened(columns = 80): Promise<Person> {
    const person = sitDown(columns, 24, { view: 'processes' })
    person.take(fullSample())
    await person.see('worker-0')
    person.type('/')
    await person.see('Filter: █')
    return person
  }
  const shows = (person: Person, wanted: string) => expect.poll(() => prompt(person), { timeout: 5000 }).toBe(wanted)

  it('shows where the cursor is, and filters by the whole text', async () => {
    const person = await opened()
    person.type(`worker-9${LEFT}${LEFT}`)
    await shows(person, 'worker|-9')
    await person.see('filter “worker-9”')
    person.type(`${HOME}x`)
    await shows(person, 'x|worker-9')
    person.type(`${END} `)
    await shows(person, 'xworker-9 |')
  })

  it('has the texts of before, each prompt its own', async () => {
    const person = await opened()
    person.type('one\r/\x15two\r/\x15two\r')
    await person.see('filter “two”')
    person.type(`P12${UP}${DOWN}\r`)
    await person.see('filter pid 12 and “two”')
    person.type(`/\x15dra${UP}`)
    await shows(person, 'two|')
    person.type(UP)
    await shows(person, 'one|')
    person.type(UP)
    await shows(person, 'one|')
    person.type('\x0e')
    await shows(person, 'two|')
    person.type(DOWN)
    await shows(person, 'dra|')
    person.type(DOWN)
    await shows(person, 'dra|')
    person.type('\x10\r')
    await person.see('filter pid 12 and “two”')
    person.type(`P${UP}`)
    await person.see('Pids: 12█')
  })

  it('keeps the cursor in sight in a text that is too long', async () => {
    const person = await opened(60)
    person.type('0123456789'.repeat(12))
    await person.see('789█')
    person.type(HOME)
    await expect.poll(() => prompt(person), { timeout: 5000 }).toMatch(/^\|0123456789/)
    person.type(`${RIGHT.repeat(60)}`)
    await expect.poll(() => prompt(person), { timeout: 5000 }).toMatch(/9\|012/)
    expect(person.look().at(-1)?.length).toBeLessThanOrEqual(60)
  })

  it('is left with Ctrl-G as with Esc', async () => {
    const person = await opened()
    person.type('zzz\x07')
    await person.see('filter none')
  })
})
