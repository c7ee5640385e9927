import { expect, test } from 'vitest'
import { COMMAND_BYTES, commandText } from '../../../src/facts/command.ts'

const text = (arguments_: string, whole = Buffer.byteLength(arguments_)): string =>
  commandText(Buffer.from(arguments_), whole)

test.each([
  ['cat\0file\0', 'cat file'],
  ['nginx: worker process', 'nginx: worker process'],
  ['postgres: idle\0\0\0\0\0', 'postgres: idle'],
  ['sh\0\0-c\0\0', 'sh  -c'],
  ['\0\0\0', ''],
  ['', ''],
  ['größe\0', 'größe'],
])('%j is %j', (arguments_, expected) => {
  expect(text(arguments_)).toBe(expected)
})

test('what was cut off is marked', () => {
  expect(text('a\0b', 5000)).toBe('a b…')
  expect(text(`${'x'.repeat(5000)}\0`)).toBe(`${'x'.repeat(COMMAND_BYTES)}…`)
  // also where only empty ones follow
  expect(text(`a${'\0'.repeat(5000)}`)).toBe('a…')
})

test('takes no time, however many empty arguments there are', () => {
  const some = Buffer.alloc(COMMAND_BYTES)
  some[COMMAND_BYTES - 1] = 120
  for (let i = 0; i < 1000; i++) expect(commandText(some, 150_000)).toHaveLength(COMMAND_BYTES + 1)
})
