/**
 * From the bytes of a terminal to keys and pastes. Everything else that a terminal sends is read to its end and means
 * nothing: replies to questions that somebody else asked, reports of the mouse, of the focus, of keys let go.
 *
 * Ink hears keys as well, but takes such replies, and sequences that come in pieces, for keys; so do Node's readline
 * and what other packages there are.
 */

import { type Key, keyOfCsi, keyOfSs3 } from './sequences.ts'

export type { Key } from './sequences.ts'

export type Input = { readonly type: 'key'; readonly key: Key } | { readonly type: 'paste'; readonly text: string }

/** Milliseconds without a byte after which Esc is a key by itself, and not the start of a sequence in pieces. */
const ESCAPE_PATIENCE = 200

/** Milliseconds without a byte after which a sequence that was begun will not go on. */
const SEQUENCE_PATIENCE = 500

/** Milliseconds without a byte after which a paste is at its end, even if the terminal has not said so. */
const PASTE_PATIENCE = 1000

/** Bytes of a paste that are kept. */
const PASTE_MOST = 65_536

/** No sequence of a key is longer. */
const PARAMETERS_MOST = 64

const CTRL_C = 0x03
const BELL = 0x07
const CANCEL = 0x18
const SUBSTITUTE = 0x1a
const ESC = 0x1b
const BACKSLASH = 0x5c
const DELETE = 0x7f
/** Of 8-bit controls. */
const STRING_TERMINATOR = 0x9c

/** What `ESC [ 201 ~`, the end of a paste, is made of. */
const PASTE_END = Buffer.from('\x1b[201~')

/** Reports of a mouse that are followed by so many bytes of any value: X10, and the two of highlighting. */
const MOUSE_BYTES: Readonly<Record<string, number>> = { M: 3, t: 2, T: 6 }

/** A sequence that is under way. */
type Begun =
  /** So many Escs. */
  | { readonly state: 'escape'; count: number }
  | { readonly state: 'csi' | 'ss3'; parameters: string; readonly alt: boolean }
  /** OSC, DCS, APC, PM or SOS: up to BEL, or ESC and a backslash, or their 8-bit form, which may also end a character. */
  | { readonly state: 'string'; escaped: boolean; lacking: number }
  /** The byte before may have been the first of two of a character. */
  | { readonly state: 'mouse'; left: number; leads: boolean }
  /** `matched` bytes of the end of the paste are there. */
  | { readonly state: 'paste'; readonly kept: number[]; matched: number }

export class InputDecoder {
  #begun: Begun | null = null
  #found: Input[] = []
  /** Those of a character that are there, and how many it still lacks. */
  #bytes: number[] = []
  #lacking = 0
  /** The next character comes with Alt. */
  #alt = false

  /** What these bytes are, as far as they are whole. */
  push(bytes: Uint8Array): Input[] {
    for (const byte of bytes) this.#take(byte)
    return this.#found.splice(0)
  }

  /** Milliseconds without a byte after which `flush` is to be called; null: nothing is under way. */
  get patience(): number | null {
    if (this.#begun === null) return null
    switch (this.#begun.state) {
      case 'escape':
        return ESCAPE_PATIENCE
      case 'paste':
        return PASTE_PATIENCE
      default:
        return SEQUENCE_PATIENCE
    }
  }

  /** What was under way will not go on: what it is after all. */
  flush(): Input[] {
    const begun = this.#begun
    this.#begun = null
    if (begun?.state === 'escape') for (let i = 0; i < begun.count; i++) this.#key('escape')
    if (begun?.state === 'paste') this.#paste(begun.kept)
    return this.#found.splice(0)
  }

  #take(byte: number): void {
    const begun = this.#begun
    if (begun === null) this.#plain(byte)
    else if (begun.state === 'paste') this.#pasted(begun, byte)
    else if (byte === CTRL_C) this.#interrupted(byte)
    else if (begun.state === 'escape') this.#escaped(begun, byte)
    else if (begun.state === 'string') this.#inString(begun, byte)
    else if (begun.state === 'mouse') this.#mouse(begun, byte)
    else this.#sequence(begun, byte)
  }

  /** A byte that belongs to no sequence. */
  #plain(byte: number): void {
    const continues = isContinuation(byte)
    if (continues && this.#lacking === 0) {
      // C1: the same as ESC and a character, of a terminal that sends 8-bit controls
      if (byte < 0xa0) this.#escaped({ state: 'escape', count: 1 }, byte - 0x40)
      return
    }
    if (byte >= 0x80) {
      if (!continues) this.#bytes = []
      this.#bytes.push(byte)
      this.#lacking = continues ? this.#lacking - 1 : followers(byte)
      if (this.#lacking === 0) this.#character(characterOf(this.#bytes))
      return
    }
    this.#lacking = 0
    if (byte === ESC) this.#begun = { state: 'escape', count: 1 }
    else if (byte < 0x20 || byte === DELETE) this.#control(byte)
    else this.#character(String.fromCharCode(byte))
  }

  #character(character: string): void {
    if (!/^\p{Cc}?$/u.test(character)) this.#key(this.#alt ? `alt-${character}` : character)
    this.#alt = false
  }

  #control(byte: number): void {
    const key = keyOfControl(byte)
    if (key !== null) this.#key(key)
  }

  /** The byte after Esc. */
  #escaped(begun: { readonly state: 'escape'; count: number }, byte: number): void {
    if (byte === ESC) {
      this.#begun = { state: 'escape', count: begun.count + 1 }
      return
    }
    const alt = begun.count > 1
    this.#begun = null
    switch (String.fromCharCode(byte)) {
      case '[':
        this.#begun = { state: 'csi', parameters: '', alt }
        return
      case 'O':
        this.#begun = { state: 'ss3', parameters: '', alt }
        return
      case ']':
      case 'P':
      case 'X':
      case '^':
      case '_':
        this.#begun = { state: 'string', escaped: false, lacking: 0 }
        return
    }
    for (let i = 1; i < begun.count; i++) this.#key('escape')
    if (byte >= 0x80) {
      this.#alt = true
      this.#plain(byte)
      return
    }
    const key = byte < 0x20 || byte === DELETE ? keyOfControl(byte) : String.fromCharCode(byte)
    if (key !== null) this.#key(`alt-${key}`)
  }

  #sequence(begun: { readonly state: 'csi' | 'ss3'; parameters: string; readonly alt: boolean }, byte: number): void {
    if (byte < 0x20 || byte >= DELETE) {
      this.#interrupted(byte)
      return
    }
    const { state, parameters, alt } = begun
    const character = String.fromCharCode(byte)
    // the function keys of the Linux console have two brackets, and rxvt ends with a dollar where Shift is held
    const isFinal =
      state === 'csi' && character === '['
        ? parameters !== ''
        : byte >= 0x40 || (character === '$' && /^[2-8]$/.test(parameters))
    if (!isFinal) {
      if (parameters.length < PARAMETERS_MOST) begun.parameters += character
      return
    }
    this.#begun = null
    if (state === 'csi' && parameters === '' && character in MOUSE_BYTES) {
      this.#begun = { state: 'mouse', left: MOUSE_BYTES[character] ?? 0, leads: false }
      return
    }
    if (state === 'csi' && parameters === '200' && character === '~') {
      this.#begun = { state: 'paste', kept: [], matched: 0 }
      return
    }
    const key = state === 'csi' ? keyOfCsi(parameters, character) : keyOfSs3(parameters, character)
    if (key !== null) this.#key(alt ? `alt-${key}` : key)
  }

  #inString(begun: { readonly state: 'string'; escaped: boolean; lacking: number }, byte: number): void {
    const { escaped, lacking } = begun
    begun.escaped = byte === ESC
    begun.lacking = isContinuation(byte) ? Math.max(0, lacking - 1) : followers(byte)
    const isEnd =
      byte === BELL || byte === CANCEL || byte === SUBSTITUTE || (byte === STRING_TERMINATOR && lacking === 0)
    if (isEnd) this.#begun = null
    else if (escaped && byte === BACKSLASH) this.#begun = null
    else if (escaped) this.#escaped({ state: 'escape', count: 1 }, byte)
  }

  #mouse(begun: { readonly state: 'mouse'; left: number; leads: boolean }, byte: number): void {
    // NUL stands for a place too far away
    const isOther = (byte > 0 && byte < 0x20) || begun.left === 0
    if (isOther && !(begun.leads && isContinuation(byte))) {
      this.#interrupted(byte)
      return
    }
    if (!begun.leads || !isContinuation(byte)) begun.left--
    // coordinates may be characters of UTF-8, in two bytes
    begun.leads = byte >= 0xc2 && byte < 0xe0
    if (begun.left === 0 && !begun.leads) this.#begun = null
  }

  #pasted(begun: { readonly state: 'paste'; readonly kept: number[]; matched: number }, byte: number): void {
    if (byte === CTRL_C) {
      this.#begun = null
      this.#control(byte)
      return
    }
    if (byte === PASTE_END[begun.matched]) {
      begun.matched++
      if (begun.matched < PASTE_END.length) return
      this.#begun = null
      this.#paste(begun.kept)
      return
    }
    const before = PASTE_END.subarray(0, begun.matched)
    begun.matched = byte === ESC ? 1 : 0
    const more = begun.matched === 0 ? [...before, byte] : before
    if (begun.kept.length < PASTE_MOST) begun.kept.push(...more)
  }

  /** A byte in the middle of a sequence that cannot belong to it. */
  #interrupted(byte: number): void {
    this.#begun = null
    this.#plain(byte)
  }

  #key(key: Key): void {
    this.#found.push({ type: 'key', key })
  }

  #paste(bytes: readonly number[]): void {
    this.#found.push({ type: 'paste', text: Buffer.from(bytes).toString('utf8') })
  }
}

/** In the middle of a character of UTF-8. */
function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0
}

/** Bytes that follow this one in a character of UTF-8. */
function followers(byte: number): number {
  if (byte < 0xc0) return 0
  return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
}

function keyOfControl(byte: number): Key | null {
  if (byte === 0x0d || byte === 0x0a) return 'enter'
  if (byte === 0x09) return 'tab'
  if (byte === DELETE || byte === 0x08) return 'backspace'
  return byte >= 1 && byte <= 26 ? `ctrl-${String.fromCharCode(byte + 0x60)}` : null
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Empty where the bytes are no UTF-8. */
function characterOf(bytes: readonly number[]): string {
  try {
    return utf8.decode(Uint8Array.from(bytes))
  } catch {
    return ''
  }
}
