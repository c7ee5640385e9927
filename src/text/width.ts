/**
 * The width of sanitized text in terminal cells, as the package string-width reckons it. That one takes 50 ms to load,
 * which every start would pay for characters that most machines never show; here each part is made when it is needed.
 */

import { eastAsianWidth } from 'get-east-asian-width'

/**
 * Characters without a place of their own: they change the one before. All others that belong to it stand beside it on most
 * terminals, such as the vowels and the second consonants of India and Thailand.
 */
const INSIDE = /[\p{Mn}\p{Me}\p{Emoji_Modifier}\u1160-\u11ff\ud7b0-\ud7ff]/u

/** Two cells whatever they are made of: flags, keys of a telephone, emoji with a colour of skin. */
const DOUBLE = /^(?:\p{Regional_Indicator}{2}|[\d#*]\u20e3|\p{Emoji_Modifier_Base}\p{Emoji_Modifier})$/u

let segmenter: Intl.Segmenter | undefined

/** More code units are no character, but a text that is made to look like one. */
const LONGEST = 16

/** What people take for characters, one after the other. */
export function graphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) =>
    segment.length > LONGEST ? Array.from(segment) : segment,
  ).flat()
}

/** Terminal cells of any sanitized text. */
export function widthOf(text: string): number {
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0)
}

function graphemeWidth(grapheme: string): number {
  if (DOUBLE.test(grapheme)) return 2
  let width = 0
  for (const character of grapheme) {
    const own = eastAsianWidth(character.codePointAt(0) ?? 0)
    if (width === 0) width = isMark(character) ? 0 : own
    else if (!INSIDE.test(character)) width += own
  }
  return width
}

function isMark(character: string): boolean {
  return /[\p{Mn}\p{Me}]/u.test(character)
}
