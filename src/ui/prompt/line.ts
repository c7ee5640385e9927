/** A line of text that is edited as shells do it (GNU readline). */

import { graphemes } from '../../text/width.ts'
import type { Key } from '../terminal/input.ts'

export interface EditedLine {
  readonly text: string
  /** Where the next character goes: code units in front of the cursor. */
  readonly cursor: number
  /** What was cut out last, for Ctrl-Y. */
  readonly cut: string
}

export const EMPTY_LINE: EditedLine = { text: '', cursor: 0, cut: '' }

/** Longer text is of no use here; a paste may be of any size. */
const TEXT_MOST = 256

/** The line with this text and the cursor behind it. */
export function lineOf(text: string, before: EditedLine = EMPTY_LINE): EditedLine {
  return { ...before, text, cursor: text.length }
}

/** The line with a text inserted at the cursor. */
export function insert(line: EditedLine, inserted: string): EditedLine {
  const { text, cursor } = line
  const room = inserted.slice(0, Math.max(0, TEXT_MOST - text.length))
  return { ...line, text: text.slice(0, cursor) + room + text.slice(cursor), cursor: cursor + room.length }
}

/** The line after a key; null where the key means nothing in it. */
export function edit(line: EditedLine, key: Key): EditedLine | null {
  const { text, cursor } = line
  switch (key) {
    case 'left':
    case 'ctrl-b':
      return moved(line, cursor - last(text.slice(0, cursor)))
    case 'right':
    case 'ctrl-f':
      return moved(line, cursor + first(text.slice(cursor)))
    case 'home':
    case 'ctrl-a':
      return moved(line, 0)
    case 'end':
    case 'ctrl-e':
      return moved(line, text.length)
    case 'ctrl-left':
    case 'alt-left':
    case 'alt-b':
      return moved(line, wordStart(text, cursor))
    case 'ctrl-right':
    case 'alt-right':
    case 'alt-f':
      return moved(line, wordEnd(text, cursor))
    case 'backspace':
    case 'ctrl-h':
      return without(line, cursor - last(text.slice(0, cursor)), cursor)
    case 'delete':
    case 'ctrl-d':
      return without(line, cursor, cursor + first(text.slice(cursor)))
    case 'ctrl-w':
      return killed(line, cursor - (/[^\s,]*[\s,]*$/.exec(text.slice(0, cursor))?.[0].length ?? 0), cursor)
    case 'alt-backspace':
    case 'ctrl-backspace':
      return killed(line, wordStart(text, cursor), cursor)
    case 'alt-d':
    case 'ctrl-delete':
    case 'alt-delete':
      return killed(line, cursor, wordEnd(text, cursor))
    case 'ctrl-u':
      // all of it, as zsh and the terminal's own driver do
      return killed(line, 0, text.length)
    case 'ctrl-k':
      return killed(line, cursor, text.length)
    case 'ctrl-y':
      return insert(line, line.cut)
    case 'ctrl-t':
      return swapped(line)
    default:
      return null
  }
}

function moved(line: EditedLine, cursor: number): EditedLine {
  return { ...line, cursor }
}

function without(line: EditedLine, from: number, to: number): EditedLine {
  return { ...line, text: line.text.slice(0, from) + line.text.slice(to), cursor: from }
}

function killed(line: EditedLine, from: number, to: number): EditedLine {
  return { ...without(line, from, to), cut: from === to ? line.cut : line.text.slice(from, to) }
}

/** The characters on both sides of the cursor, or the last two at the end, in each other's place. */
function swapped(line: EditedLine): EditedLine {
  const { text } = line
  const cursor = line.cursor === text.length ? line.cursor - last(text) : line.cursor
  const before = last(text.slice(0, cursor))
  if (before === 0) return line
  const end = cursor + first(text.slice(cursor))
  const turned = text.slice(cursor, end) + text.slice(cursor - before, cursor)
  return { ...line, text: text.slice(0, cursor - before) + turned + text.slice(end), cursor: end }
}

/** Code units of the last character of a text, as people see characters; 0 if it is empty. */
function last(text: string): number {
  return graphemes(text).at(-1)?.length ?? 0
}

function first(text: string): number {
  return graphemes(text)[0]?.length ?? 0
}

/** Words are of letters and digits. */
function wordStart(text: string, cursor: number): number {
  return cursor - (/[\p{L}\p{M}\p{N}]*[^\p{L}\p{M}\p{N}]*$/u.exec(text.slice(0, cursor))?.[0].length ?? 0)
}

function wordEnd(text: string, cursor: number): number {
  return cursor + (/^[^\p{L}\p{M}\p{N}]*[\p{L}\p{M}\p{N}]*/u.exec(text.slice(cursor))?.[0].length ?? 0)
}
