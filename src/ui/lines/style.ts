/**
 * Styled text. The escape sequences are our own and not Ink's, because without colours (NO_COLOR) Ink also loses bold
 * and inverse, and with them the selected row.
 */

import { toAscii } from '../../text/signs.ts'
import { cells, fitText } from '../../text/text.ts'
import type { Palette } from '../terminal/ability.ts'

/** What a piece of text is on the screen; how that looks is the palette's matter. */
export type Tone =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'warning'
  | 'alarm'
  | 'accent'
  | 'heading'
  | 'sorted'
  | 'idle'
  | 'selected'
  /** Selected, and not there now. */
  | 'absent'
  | 'label'
  | 'paused'
  | 'cursor'

export interface Span {
  readonly text: string
  readonly tone: Tone
}

/** One line of the screen, left to right. */
export type Line = readonly Span[]

/** SGR parameters that switch a tone on, and those that switch it off. */
type Sgr = readonly [on: string, off: string]

const BOLD: Sgr = ['1', '22']
const DIM: Sgr = ['2', '22']
const INVERSE: Sgr = ['7', '27']

const palettes: Readonly<Record<Palette, Readonly<Partial<Record<Tone, Sgr>>>>> = {
  // Readable on a black ground, on a white one, and on both of Solarized, where bold and bright colours are greys: what
  // has a ground of its own is black or white on it, what has none is red or magenta.
  colour: {
    dim: DIM,
    strong: BOLD,
    warning: ['1;31', '22;39'],
    alarm: ['1;37;41', '22;39;49'],
    accent: ['35', '39'],
    heading: ['30;42', '39;49'],
    sorted: ['30;46', '39;49'],
    idle: ['30;47', '39;49'],
    selected: ['30;46', '39;49'],
    absent: ['2;7', '22;27'],
    label: ['30;46', '39;49'],
    paused: ['30;43', '39;49'],
    cursor: INVERSE,
  },
  mono: {
    dim: DIM,
    strong: BOLD,
    warning: BOLD,
    alarm: ['1;7', '22;27'],
    heading: ['1;4', '22;24'],
    sorted: ['1;7', '22;27'],
    idle: ['4', '24'],
    selected: INVERSE,
    absent: ['2;7', '22;27'],
    label: INVERSE,
    paused: ['1;7', '22;27'],
    cursor: INVERSE,
  },
  none: {},
}

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone }
}

/** The line with its escape sequences; with `ascii` every sign in ASCII. */
export function paint(line: Line, palette: Palette, ascii = false): string {
  let painted = ''
  for (const { text: written, tone } of line) {
    const sgr = palettes[palette][tone]
    const text = ascii ? toAscii(written) : written
    painted += sgr === undefined || text === '' ? text : `\x1b[${sgr[0]}m${text}\x1b[${sgr[1]}m`
  }
  return painted
}

/** Terminal cells that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + cells(text), 0)
}

/** The line in exactly `width` cells: filled up with spaces of `tone`, or cut with `…`. */
export function fitLine(line: Line, width: number, tone: Tone = 'plain'): Line {
  const fitted: Span[] = []
  let left = width
  for (const piece of line) {
    const length = cells(piece.text)
    if (length > left) {
      if (left > 0) fitted.push({ text: fitText(piece.text, left, 'left'), tone: piece.tone })
      return fitted
    }
    fitted.push(piece)
    left -= length
  }
  if (left > 0) fitted.push({ text: ' '.repeat(left), tone })
  return fitted
}

/** `left` at the start and `right` at the end of a line; the right part goes where both do not fit. */
export function spread(left: Line, right: Line, width: number): Line {
  const gap = width - lineWidth(left) - lineWidth(right)
  return gap < 1 ? fitLine(left, width) : [...left, span(' '.repeat(gap)), ...right]
}
