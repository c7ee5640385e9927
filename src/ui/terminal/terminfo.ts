/** What the terminal database knows of a type of terminal (terminfo(5), term(5)). */

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface Terminfo {
  /** Number of colours; 0: it has none. */
  readonly colours: number
  /** The cursor goes to any cell by the sequence of ECMA-48, CSI row ; column H. */
  readonly addressable: boolean
  /** It can write in inverse. */
  readonly inverse: boolean
}

/** Where descriptions lie if nobody says otherwise. */
const FOLDERS = [
  '/etc/terminfo',
  '/lib/terminfo',
  '/usr/share/terminfo',
  '/usr/lib/terminfo',
  '/usr/local/share/terminfo',
]

const HEADER_BYTES = 12

/** Of descriptions with numbers of 32 bits. */
const MAGIC_32 = 0o1036
const MAGIC_16 = 0o432

/** Places in the lists of numbers and strings (term.h). */
const MAX_COLORS = 13
const CURSOR_ADDRESS = 10
const ENTER_REVERSE_MODE = 34

/** Null where the database has no such type. */
export function readTerminfo(type: string, environment: Readonly<Record<string, string | undefined>>): Terminfo | null {
  if (!/^[\w.+-]+$/.test(type)) return null
  for (const folder of folders(environment)) {
    for (const letter of [type.charAt(0), type.charCodeAt(0).toString(16)]) {
      const found = attempt(() => parse(readFileSync(join(folder, letter, type))))
      if (found !== null) return found
    }
  }
  return null
}

function folders({ TERMINFO, TERMINFO_DIRS }: Readonly<Record<string, string | undefined>>): string[] {
  const listed = TERMINFO_DIRS?.split(':').filter(folder => folder !== '') ?? []
  return [...(TERMINFO ? [TERMINFO] : []), join(homedir(), '.terminfo'), ...listed, ...FOLDERS]
}

function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

function parse(file: Buffer): Terminfo | null {
  const magic = file.readUInt16LE(0)
  if (magic !== MAGIC_16 && magic !== MAGIC_32) return null
  const size = magic === MAGIC_32 ? 4 : 2
  const [names = 0, flags = 0, numbers = 0, strings = 0] = [2, 4, 6, 8].map(at => file.readUInt16LE(at))
  // numbers begin at an even place
  const numbersAt = HEADER_BYTES + names + flags + ((names + flags) % 2)
  const stringsAt = numbersAt + size * numbers
  const tableAt = stringsAt + 2 * strings
  const number = (index: number): number => (index < numbers ? file.readIntLE(numbersAt + size * index, size) : -1)
  const string = (index: number): string => {
    const at = index < strings ? file.readInt16LE(stringsAt + 2 * index) : -1
    if (at < 0) return ''
    return file.toString('latin1', tableAt + at, file.indexOf(0, tableAt + at))
  }
  return {
    colours: Math.max(0, number(MAX_COLORS)),
    addressable: string(CURSOR_ADDRESS).startsWith('\x1b['),
    inverse: string(ENTER_REVERSE_MODE) !== '',
  }
}
