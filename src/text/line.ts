import { sanitize } from './text.ts'

/** Characters of a message that comes from outside: enough to say what is wrong, too few to hide the rest of the screen. */
const MOST = 300

/** Untrusted text as one harmless line: its first one, of at most MOST characters, with `…` where more followed. */
export function oneLine(text: string): string {
  // before all else: no expression looks at a message of megabytes
  const start = text.slice(0, 16 * MOST).trimStart()
  const [line = ''] = start.split(/\r?\n/, 1)
  const plain = sanitize(line.trimEnd())
  return plain.length > MOST ? `${sanitize(plain.slice(0, MOST - 1))}…` : plain
}
