/**
 * A real terminal line of the kernel with a program on it: what the program writes is replayed into @xterm/headless,
 * what is typed goes through the line's own driver.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type IPty, spawn } from '@lydell/node-pty'
import headless from '@xterm/headless'

/** The built program. */
export const PROGRAM = join(import.meta.dirname, '../../dist/cli.js')

/** Milliseconds that something on the screen may take to come about: it only matters when a test fails. */
const PATIENCE = 20_000

/** Milliseconds between two looks. */
const GLANCE = 20

export interface PtyOptions {
  readonly columns?: number
  readonly rows?: number
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Modes of the terminal that a full-screen program changes. */
export interface Modes {
  readonly screen: 'normal' | 'alternate'
  readonly cursor: 'shown' | 'hidden'
  readonly wraps: boolean
  readonly pasteMarked: boolean
}

export class Pty {
  /** Of the program that was started, a shell as a rule. */
  readonly pid: number
  /** All that was written. */
  written = ''
  readonly #pty: IPty
  readonly #terminal: headless.Terminal
  #cursorShown = true
  #exit: { readonly exitCode: number; readonly signal?: number | undefined } | null = null

  constructor(file: string, args: readonly string[], { columns = 80, rows = 24, environment = {} }: PtyOptions = {}) {
    // what the environment of the tests says about colours is not for the program
    const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, LC_ALL: ____, ...inherited } = process.env
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true })
    this.#watchCursor()
    this.#pty = spawn(file, [...args], {
      name: environment.TERM ?? 'xterm-256color',
      cols: columns,
      rows,
      env: { ...inherited, LANG: 'C.UTF-8', ...environment },
    })
    this.pid = this.#pty.pid
    this.#pty.onData(data => {
      this.written += data
      this.#terminal.write(data)
    })
    this.#pty.onExit(exit => {
      this.#exit = exit
    })
  }

  type(bytes: string): void {
    this.#pty.write(bytes)
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows)
    this.#pty.resize(columns, rows)
  }

  /** What it has written, as a terminal has it. */
  get terminal(): headless.Terminal {
    return this.#terminal
  }

  get rows(): number {
    return this.#terminal.rows
  }

  /** The lines that are on the terminal, without spaces at their ends. */
  look(): string[] {
    const buffer = this.#terminal.buffer.active
    return Array.from(
      { length: this.#terminal.rows },
      (_, y) =>
        buffer
          .getLine(buffer.baseY + y)
          ?.translateToString(false, 0, this.#terminal.cols)
          .trimEnd() ?? '',
    )
  }

  get modes(): Modes {
    const { bracketedPasteMode, wraparoundMode } = this.#terminal.modes
    return {
      screen: this.#terminal.buffer.active.type,
      cursor: this.#cursorShown ? 'shown' : 'hidden',
      wraps: wraparoundMode,
      pasteMarked: bracketedPasteMode,
    }
  }

  /** Waits until the lines are as `seen` wants them, and gives them; fails with the screen that was there instead. */
  async see(seen: string | ((lines: string[]) => boolean)): Promise<string[]> {
    const right = typeof seen === 'string' ? (lines: string[]) => lines.join('\n').includes(seen) : seen
    return this.until(`seen: ${seen}`, () => {
      const lines = this.look()
      return right(lines) ? lines : undefined
    })
  }

  /** Waits until there is an answer. */
  async until<T>(what: string, answer: () => T | undefined): Promise<T> {
    const patient = Date.now() + PATIENCE
    for (;;) {
      const found = answer()
      if (found !== undefined) return found
      if (Date.now() > patient) throw new Error(`not ${what}\n${this.look().join('\n')}`)
      await new Promise(resolve => setTimeout(resolve, GLANCE))
    }
  }

  /** Waits for the end of the program that was started; gives its exit status. */
  async ended(): Promise<number> {
    return this.until('ended', () => this.#exit?.exitCode)
  }

  /** Hangs up, as closing the window does, and ends what is left of the program. */
  close(): void {
    if (this.#exit === null) this.#pty.kill('SIGKILL')
    this.#terminal.dispose()
  }

  /** Ids of the processes that the program has started and that run now. */
  children(): number[] {
    return readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  }

  /** xterm keeps to itself whether the cursor is shown. */
  #watchCursor(): void {
    for (const [final, shown] of [
      ['h', true],
      ['l', false],
    ] as const) {
      this.#terminal.parser.registerCsiHandler({ prefix: '?', final }, params => {
        if (params.includes(25)) this.#cursorShown = shown
        return false
      })
    }
  }
}

/**
 * A shell that runs a program once, with a report before and after it: the modes of the terminal's line (`stty -g`), and
 * nice value, real-time priority and scheduling policy of the shell. The first line is the one, the last two are
 * `status N` and the other. Wide enough for each to be one line.
 */
export function shellAround(command: readonly string[], environment: PtyOptions['environment'] = {}): Pty {
  const report = 'echo "$(stty -g) $(cut -d" " -f19,40,41 /proc/$$/stat)"'
  const script = `${report}; "$@"; echo "status $?"; ${report}`
  return new Pty('sh', ['-c', script, 'sh', ...command], { columns: 160, rows: 30, environment })
}

/** The program's command line under this Node. */
export function program(...args: readonly (string | number)[]): readonly [string, ...string[]] {
  return [process.execPath, PROGRAM, ...args.map(String)]
}
