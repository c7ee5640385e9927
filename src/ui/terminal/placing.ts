/**
 * Text behind text that is not ASCII stands where it is to stand, whatever the terminal thinks of the width of the text
 * in front of it: of many scripts, signs and emoji no two terminals think the same.
 */

import { cells } from '../../text/text.ts'

/** Nothing that any terminal draws in another width, besides the sign of microseconds. */
const CERTAIN = /^[\p{ASCII}µ]*$/u

/** An escape sequence, ASCII up to the character before something else, or that character with all that follows. */
const PIECE = /\p{Cc}\[[\d;]*m|[ -~]+(?!\P{ASCII})|[ -~]?\P{ASCII}+/gu

/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/**
 * Where numbers follow, a terminal that knows such scripts takes them for a part of what it turns round. This mark,
 * which has no width, is of the other direction and ends it.
 */
const LEFT_TO_RIGHT_MARK = '\u200e'

/** The line, which has only SGR sequences in it, for a row of the screen, counted from 1. */
export function placed(line: string, row: number): string {
  if (CERTAIN.test(line)) return line
  let text = ''
  let column = 1
  let isUncertain = false
  for (const [piece] of line.matchAll(PIECE)) {
    if (piece.startsWith('\x1b')) {
      text += piece
      continue
    }
    if (isUncertain) text += `\x1b[${row};${column}H`
    isUncertain = !CERTAIN.test(piece)
    text += RIGHT_TO_LEFT.test(piece) ? piece + LEFT_TO_RIGHT_MARK : piece
    column += cells(piece)
  }
  return text
}
