/** From what Ink reports to one name per key. */

import type { Key as InkKey } from 'ink'

/** A printable character, or `up`, `enter`, `shift-tab`, `ctrl-c`, ...: see `bindings`. */
export type Key = string

const NAMES: readonly (readonly [keyof InkKey, Key])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
]

/**
 * The keys of one input event, in order. Ink reports fast typing as one string, control characters in the middle of
 * it included, and Esc with a key close behind as that key with `meta`. Keys it has no name for give none.
 */
export function keysOf(input: string, key: InkKey): Key[] {
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab']
  const named = NAMES.find(([property]) => key[property] === true)
  if (named !== undefined) return [named[1]]
  if (key.ctrl) return input === '' ? [] : [`ctrl-${input}`]
  const keys = [...input].flatMap(keyOfCharacter)
  return key.meta && keys.length > 0 ? ['escape', ...keys] : keys
}

function keyOfCharacter(character: string): Key[] {
  const code = character.codePointAt(0) ?? 0
  if (character === '\r' || character === '\n') return ['enter']
  if (character === '\t') return ['tab']
  if (character === '\x1b') return ['escape']
  if (character === '\x7f' || character === '\b') return ['backspace']
  if (code >= 1 && code <= 26) return [`ctrl-${String.fromCharCode(code + 96)}`]
  return code < 32 || (code >= 0x80 && code < 0xa0) ? [] : [character]
}
