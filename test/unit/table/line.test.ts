import { describe, expect, it } from 'vitest'
import { oneLine } from '../../../src/text/line.ts'

describe('oneLine', () => {
  it.each([
    ['plain text', 'plain text'],
    ['  \n the first line \n the second', 'the first line'],
    ['one\r\ntwo', 'one'],
    ['a\rb\u001b[2Jc\u009b1md\u0007\u202ee\u2028f\0', 'a?b?[2Jc?1md??e?f?'],
    ['', ''],
  ])('%j is %j', (text, line) => expect(oneLine(text)).toBe(line))

  it('is cut, and says so', () => {
    expect(oneLine('x'.repeat(300))).toBe('x'.repeat(300))
    expect(oneLine('x'.repeat(301))).toBe(`${'x'.repeat(299)}…`)
    expect(oneLine('\n'.repeat(10_000_000))).toBe('')
  })

  it('is cut between characters', () => {
    const line = oneLine(`x${'😀'.repeat(400)}`)
    expect(line).toHaveLength(300)
    expect(line).not.toMatch(/\p{C}/u)
  })
})
