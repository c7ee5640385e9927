/** The terminal as this program uses it, and as it was before. */

import { placed } from './placing.ts'

/**
 * What another program may have left on, off: reports of mouse and focus, which would come as input, and whatever would
 * put text in another place or write it with other signs - origin, margins, inserting, character set, keypad.
 */
const ORDINARY =
  '\x1b[?9;1000;1001;1002;1003;1004;1005;1006;1015;1016l\x1b[?6l\x1b[?1l\x1b>\x1b[4l\x1b[r\x1b(B\x0f\x1b[0m'

const ERASE = '\x1b[H\x1b[2J'

/**
 * Alternate screen, cursor hidden, pastes marked, no automatic wrap (a name that the terminal draws wider than we
 * reckon then cannot push the lines apart), everything erased.
 */
const ENTER = `\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l${ORDINARY}${ERASE}`

/**
 * The opposite, with the ends of whatever a broken-off frame may have begun: update, colours. Where there is no alternate
 * screen, the tables would stay and the shell would write into them: so they are erased, which nobody sees elsewhere.
 */
const LEAVE = `\x1b[?2026l\x1b[0m${ERASE}\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l`

/** Milliseconds that a terminal which does not read is waited for when it is given back. */
const LEAVE_PATIENCE = 300

/** The terminal shows what is written between these at once, if it knows them. */
const BEGIN_UPDATE = '\x1b[?2026h'
const END_UPDATE = '\x1b[?2026l'

/** What the screen needs of `process.stdin`, which must be a terminal. */
export interface TerminalInput extends NodeJS.ReadableStream {
  setRawMode(raw: boolean): unknown
}

/** What the screen needs of `process.stdout`, which must be a terminal. */
export interface TerminalOutput extends NodeJS.WritableStream {
  readonly columns: number
  readonly rows: number
  /** Waits for it to take what was written; false where it has not after so many milliseconds. Absent: it always has. */
  flushFor?(milliseconds: number): boolean
}

export interface Terminal {
  /** Takes the terminal over. Does nothing where that is done already. */
  enter(): void
  /** Gives it back as it was; never throws, and does nothing where that is done already. False: it does not read. */
  leave(): boolean
  /** Takes it over again after someone else has changed its modes behind our back. */
  retake(): void
  /** What stands there is not known any more: all of it is written anew with the next lines, in one update. */
  forget(): void
  /**
   * Writes those of the lines, from the top of the screen on, that are not there already; nothing while not taken. While
   * the terminal does not read, nothing either: once it does, it gets the lines of then.
   */
  draw(lines: readonly string[]): void
}

export function guardTerminal(stdin: TerminalInput, stdout: TerminalOutput): Terminal {
  let taken = false
  /** Null: not known. */
  let drawn: readonly string[] | null = null
  let wanted: readonly string[] = []
  let writing = false
  // The terminal may be gone (SIGHUP): then there is nothing to restore.
  const attempt = (action: () => void): void => {
    try {
      action()
    } catch {}
  }
  const update = (): void => {
    if (!taken || writing || drawn === wanted) return
    const changed = difference(drawn, wanted)
    drawn = wanted
    if (changed === '') return
    writing = true
    stdout.write(BEGIN_UPDATE + changed + END_UPDATE, () => {
      writing = false
      update()
    })
  }
  const enter = (): void => {
    if (taken) return
    taken = true
    drawn = null
    // Raw mode first: in the background this is what stops us before anything is written into somebody's screen.
    stdin.setRawMode(true)
    stdout.write(ENTER)
  }
  const leave = (): boolean => {
    if (!taken) return true
    taken = false
    let written = true
    attempt(() => {
      stdout.write(LEAVE)
      written = stdout.flushFor?.(LEAVE_PATIENCE) ?? true
    })
    attempt(() => stdin.setRawMode(false))
    return written
  }
  return {
    enter,
    leave,
    retake() {
      // Node believes that raw mode is still on and would not ask the kernel again.
      attempt(() => stdin.setRawMode(false))
      taken = false
      enter()
    },
    forget() {
      drawn = null
    },
    draw(lines) {
      wanted = lines
      update()
    },
  }
}

/** What makes the lines `wanted` of those that are there. Each line is erased on its own, so that none is ever blank. */
function difference(drawn: readonly string[] | null, wanted: readonly string[]): string {
  let changed = ''
  wanted.forEach((line, i) => {
    if (line !== drawn?.[i]) changed += `\x1b[${i + 1}H\x1b[K${placed(line.trimEnd(), i + 1)}`
  })
  return changed
}
