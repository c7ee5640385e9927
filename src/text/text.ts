/** Untrusted text made harmless, and text that fits into terminal cells. */

import { graphemes, widthOf } from './width.ts'

/** What stands for a character that must not reach a terminal. */
const REPLACEMENT = '?'

/** Code units of sanitized text that one cell can take. */
const LONGEST_CELL = 16

/** What stands for the text that was cut away. */
const ELLIPSIS = '…'

/**
 * All that moves the cursor, starts an escape sequence, turns the direction of writing, or is not seen: control and
 * format characters, lone surrogates, private and unassigned code points, line separators, and the rest of Unicode's
 * default ignorable code points.
 */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Latin-1 without what is not printed, and the signs of the screen itself: one cell a character, and most of what there
 * is to write.
 */
const PLAIN = /^[\x20-\x7e\xa1-\xac\xae-\xff…“”←↑→↓▁-█▲▼]*$/

/** A mark without a character that it belongs to, or more than three on one: they would pile up over other lines. */
const STRAY_MARKS =
  /^[\p{Mn}\p{Me}\p{Emoji_Modifier}]+|(?<=[\p{Mn}\p{Me}\p{Emoji_Modifier}]{3})[\p{Mn}\p{Me}\p{Emoji_Modifier}]+/gu

/**
 * Untrusted text made harmless: every character of `UNPRINTABLE` becomes one visible `?`, and so do marks that are too
 * many, so that the result is one line, holds no escape sequence and reads in the order it is stored.
 */
export function sanitize(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replaceAll(UNPRINTABLE, REPLACEMENT).replaceAll(STRAY_MARKS, REPLACEMENT)
}

/** Width of a sanitized text in terminal cells; wide characters take two. */
export function cells(text: string): number {
  return PLAIN.test(text) ? text.length : widthOf(text)
}

/**
 * `text` in exactly `width` terminal cells: padded with spaces on the side that `align` leaves free, or cut with `…`
 * at its end or in its middle. The text must be sanitized.
 */
export function fitText(text: string, width: number, align: 'left' | 'right', cut: 'end' | 'middle' = 'end'): string {
  const most = LONGEST_CELL * (width + 1)
  // of a text that is far too long the middle is not even looked at
  const near = text.length > 2 * most && !PLAIN.test(text) ? text.slice(0, most) + text.slice(-most) : text
  const length = cells(near)
  if (length > width) return cut === 'end' ? cutEnd(near, width) : cutMiddle(near, width)
  const padding = ' '.repeat(width - length)
  return align === 'left' ? text + padding : padding + text
}

function cutEnd(text: string, width: number): string {
  if (width <= 0) return ''
  const kept = take(text, width - 1)
  return kept + ELLIPSIS + ' '.repeat(width - 1 - cells(kept))
}

function cutMiddle(text: string, width: number): string {
  if (width <= 0) return ''
  const tail = takeLast(text, Math.ceil((width - 1) / 2))
  const head = take(text, width - 1 - cells(tail))
  return head + ELLIPSIS + tail + ' '.repeat(width - 1 - cells(head) - cells(tail))
}

/** The start of `text` that takes at most `width` cells. */
export function take(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, width))
  let taken = ''
  let used = 0
  for (const segment of graphemes(text)) {
    used += widthOf(segment)
    if (used > width) break
    taken += segment
  }
  return taken
}

/** The end of `text` that takes at most `width` cells. */
export function takeLast(text: string, width: number): string {
  if (PLAIN.test(text)) return width <= 0 ? '' : text.slice(-width)
  let taken = ''
  let used = 0
  for (const segment of graphemes(text).reverse()) {
    used += widthOf(segment)
    if (used > width) break
    taken = segment + taken
  }
  return taken
}
