/** What the control sequences of keys mean: those of xterm, rxvt, the Linux console, and kitty's keyboard protocol. */

/** A printable character, or `up`, `enter`, `shift-tab`, `ctrl-c`, `alt-b`, ...: see `bindings`. */
export type Key = string

/** Bits of the number that says which modifiers were held, which is one more than their sum. */
const ALT = 2
const CTRL = 4
/** Super, hyper and meta: keys of the window manager. */
const FOREIGN = 8 | 16 | 32

const SHIFT = 1

/** Kind of event in kitty's protocol: the key was let go. */
const RELEASE = 3

/** Last code point of ASCII. */
const DELETE = 0x7f

/** By the last character, for CSI and SS3. */
const BY_LETTER: Readonly<Record<string, Key>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
}

/** By the number in front of `~`, and of `^`, with which rxvt says that Ctrl was held. */
const BY_NUMBER: Readonly<Record<string, Key>> = {
  1: 'home',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
}

/** SS3 alone: the keypad in application mode, and arrows of rxvt with Ctrl. */
const KEYPAD: Readonly<Record<string, Key>> = {
  M: 'enter',
  X: '=',
  a: 'ctrl-up',
  b: 'ctrl-down',
  c: 'ctrl-right',
  d: 'ctrl-left',
  j: '*',
  k: '+',
  l: ',',
  m: '-',
  n: '.',
  o: '/',
  ...Object.fromEntries([...'pqrstuvwxy'].map((letter, digit) => [letter, String(digit)])),
}

/** Code points of kitty's protocol that are no characters, or stand for others. */
const BY_CODE: Readonly<Record<number, Key>> = {
  8: 'backspace',
  9: 'tab',
  13: 'enter',
  27: 'escape',
  127: 'backspace',
  ...Object.fromEntries([...'0123456789./*-+\r=,'].map((character, i) => [57_399 + i, character])),
  57414: 'enter',
  57417: 'left',
  57418: 'right',
  57419: 'up',
  57420: 'down',
  57421: 'pageup',
  57422: 'pagedown',
  57423: 'home',
  57424: 'end',
  57426: 'delete',
}

/** Private use, where kitty's protocol has the keys that are no characters. */
const PRIVATE_FIRST = 0xe000
const PRIVATE_LAST = 0xf8ff

/** The key of `CSI parameters final`; null where it is none that does anything: a reply, a mouse, a key let go. */
export function keyOfCsi(parameters: string, final: string): Key | null {
  if (!/^[\d:;]*$/.test(parameters)) return null
  const [first = '', second = '', third = ''] = parameters.split(';')
  const [modifiers, event] = modifiersOf(second)
  if (event === RELEASE) return null
  switch (final) {
    case 'Z':
      return 'shift-tab'
    case '^':
      return withModifiers(BY_NUMBER[first], CTRL)
    case '~':
      return first === '27' ? keyOfCode(Number(third), modifiers) : withModifiers(BY_NUMBER[first], modifiers)
    case 'u':
      return keyOfKitty(first, modifiers, third)
    default:
      return withModifiers(BY_LETTER[final], modifiers)
  }
}

/** The same of `SS3 parameters final`. */
export function keyOfSs3(parameters: string, final: string): Key | null {
  const [modifiers] = modifiersOf(parameters.split(';').at(-1) ?? '')
  return withModifiers(BY_LETTER[final] ?? KEYPAD[final], modifiers)
}

/** Bits of the modifiers, and the kind of event. */
function modifiersOf(text: string): [modifiers: number, event: number] {
  const [modifiers = '', event = ''] = text.split(':')
  return [Math.max(0, Number(modifiers) - 1), Number(event)]
}

/** `code[:shifted[:base]]` and the text that the key makes, as code points. */
function keyOfKitty(codes: string, modifiers: number, text: string): Key | null {
  const [code = 0, shifted, base] = codes.split(':').map(Number)
  const made = Number(text.split(':')[0])
  const plain = (modifiers & (ALT | CTRL | FOREIGN)) === 0
  if (plain && made >= 0x20) return keyOfCode(made, 0)
  if ((modifiers & SHIFT) !== 0 && shifted) return keyOfCode(shifted, modifiers)
  // on a keyboard of another alphabet Ctrl-C is the key in the place of C
  return keyOfCode(!plain && base && code > DELETE ? base : code, modifiers)
}

function keyOfCode(code: number, modifiers: number): Key | null {
  const named = BY_CODE[code]
  if (named === 'tab' && (modifiers & SHIFT) !== 0) return withModifiers('shift-tab', modifiers)
  if (named !== undefined) return withModifiers(named, modifiers)
  if (!(code >= 0x20 && code <= 0x10_ffff) || (code >= PRIVATE_FIRST && code <= PRIVATE_LAST)) return null
  const character = String.fromCodePoint(code)
  const shifts = (modifiers & SHIFT) !== 0 && (modifiers & CTRL) === 0
  return withModifiers(shifts ? character.toUpperCase() : character, modifiers)
}

/** With Alt, Ctrl or both in front; Shift is in the character already, and of other keys it makes none. */
function withModifiers(key: Key | undefined, modifiers: number): Key | null {
  if (key === undefined || (modifiers & FOREIGN) !== 0) return null
  const ctrl = (modifiers & CTRL) !== 0 ? 'ctrl-' : ''
  return `${(modifiers & ALT) !== 0 ? 'alt-' : ''}${ctrl}${key}`
}
