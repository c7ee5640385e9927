/** The terminal as this program uses it, and as it was before. */

/**
 * Alternate screen, cursor hidden, pastes marked, no automatic wrap (a name that the terminal draws wider than we
 * reckon then cannot push the lines apart), everything erased.
 */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l\x1b[H\x1b[2J'

/** The opposite, with the ends of whatever a broken-off frame may have begun: update, colours. */
const LEAVE = '\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l'

const ERASE = '\x1b[H\x1b[2J'

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
}

export interface Terminal {
  /** Takes the terminal over. Does nothing where that is done already. */
  enter(): void
  /** Gives it back as it was; never throws, and does nothing where that is done already. */
  leave(): void
  /** Takes it over again after someone else has changed its modes behind our back. */
  retake(): void
  /** Empties the screen. */
  erase(): void
  /** Writes those of the lines, from the top of the screen on, that are not there already; nothing while not taken. */
  draw(lines: readonly string[]): void
}

export function guardTerminal(stdin: TerminalInput, stdout: TerminalOutput): Terminal {
  let taken = false
  let drawn: readonly string[] = []
  // The terminal may be gone (SIGHUP): then there is nothing to restore.
  const attempt = (action: () => void): void => {
    try {
      action()
    } catch {}
  }
  const enter = (): void => {
    if (taken) return
    taken = true
    drawn = []
    // Raw mode first: in the background this is what stops us before anything is written into somebody's screen.
    stdin.setRawMode(true)
    stdout.write(ENTER)
  }
  const leave = (): void => {
    if (!taken) return
    taken = false
    attempt(() => stdout.write(LEAVE))
    attempt(() => stdin.setRawMode(false))
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
    erase() {
      drawn = []
      stdout.write(ERASE)
    },
    draw(lines) {
      if (!taken) return
      let changed = ''
      lines.forEach((line, i) => {
        if (line !== drawn[i]) changed += `\x1b[${i + 1}H\x1b[K${line.trimEnd()}`
      })
      drawn = lines
      if (changed !== '') stdout.write(BEGIN_UPDATE + changed + END_UPDATE)
    },
  }
}
