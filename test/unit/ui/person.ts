/**
 * A person at a terminal that exists only in memory: what the screen writes is replayed into @xterm/headless, what the
 * person types goes to the screen as bytes.
 */

import { EventEmitter } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import headless from '@xterm/headless'
import type { Means } from '../../../src/plan/plan.ts'
import type { FreshSample } from '../../../src/sample/sample.ts'
import { type Screen, type ScreenOptions, startScreen } from '../../../src/ui/screen.ts'
import type { Jobs } from '../../../src/ui/terminal/jobs.ts'
import { hostOf } from '../../support/samples.ts'

class Output extends Writable {
  readonly isTTY = true
  columns: number
  rows: number
  readonly terminal: headless.Terminal
  written = ''
  /** What is to go on when the terminal reads again; null: it reads. */
  held: (() => void)[] | null = null

  constructor(columns: number, rows: number) {
    super({ decodeStrings: false })
    this.columns = columns
    this.rows = rows
    // The driver of a real terminal makes CR LF of LF, in Node's raw mode too.
    this.terminal = new headless.Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true })
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.written += chunk
    const read = (): void => this.terminal.write(chunk, done)
    if (this.held === null) read()
    else this.held.push(read)
  }

  /** From now on the terminal reads nothing. */
  hold(): void {
    this.held = []
  }

  readAgain(): void {
    const held = this.held ?? []
    this.held = null
    for (const read of held) read()
  }

  resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    this.terminal.resize(columns, rows)
    this.emit('resize')
  }
}

export class Input extends PassThrough {
  readonly isTTY = true
  raw = false

  setRawMode(raw: boolean): this {
    this.raw = raw
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

class Collected extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Of a kernel that refused the best means for system calls. */
const means: readonly Means[] = [
  { need: 'syscalls', source: 'raw_tp', why: 'this kernel’s verifier refuses syscalls.bpf.o: R4 invalid mem access' },
  { need: 'bytes', source: 'tp_btf:sock_send_length', why: null },
]

/** Milliseconds that a state of the screen may take to come about. Generous: it only matters when a test fails. */
const PATIENCE = 15_000

export interface Person {
  readonly screen: Screen
  readonly stdin: Input
  readonly stdout: Output
  readonly stderr: Collected
  readonly signals: EventEmitter
  /** What the session was told, in order. */
  readonly told: string[]
  /** The tables that the session was told to look at, in order. */
  readonly looked: readonly (readonly string[] | null)[]
  /** Whether it comes before others, as it was told. */
  readonly priority: { raised: boolean; permitted: boolean; onLowered: (share: number) => void }
  /** What job control did, in order. */
  readonly stopped: string[]
  /** The lines that are on the terminal, without spaces at their ends. */
  look(): string[]
  /** Waits until the lines are as `seen` wants them, and gives them; fails with the screen that was there instead. */
  see(seen: string | ((lines: string[]) => boolean)): Promise<string[]>
  type(bytes: string): void
  take(sample: FreshSample): void
  /** SGR attributes of the first cell of the first place where `text` stands. */
  looksOf(text: string): { inverse: boolean; dim: boolean; bold: boolean; coloured: boolean }
}

const people: Person[] = []

/** Sits down at a new terminal. */
export function sitDown(columns: number, rows: number, change: Partial<ScreenOptions> = {}): Person {
  const stdin = new Input()
  const stdout = new Output(columns, rows)
  const stderr = new Collected()
  const signals = new EventEmitter()
  const told: string[] = []
  const looked: (readonly string[] | null)[] = []
  const stopped: string[] = []
  const jobs: Jobs = {
    stopForeground: () => stopped.push('foreground'),
    stopSelf: () => stopped.push('self'),
    refreshSize: () => stopped.push('size asked'),
  }
  const priority = {
    raised: false,
    permitted: true,
    onLowered: (_: number): void => {},
    raise(): boolean {
      priority.raised = priority.permitted
      return priority.permitted
    },
    lower(): void {
      priority.raised = false
    },
  }
  const screen = startScreen({
    priority,
    host: hostOf({
      name: 'web-1',
      kernel: '6.12.30-amd64',
      cpus: 16,
      means,
      notes: ['some of it is not seen without CAP_SYS_ADMIN'],
    }),
    session: {
      setFilter: pids => told.push(`pids ${pids.join(',')}`),
      setInterval: seconds => told.push(`interval ${seconds}`),
      show: tables => looked.push(tables),
      describe: (_, tell) => tell('no answer'),
      measureCost: on => told.push(`cost ${on}`),
    },
    version: '0.1.0',
    interval: 1,
    view: 'overview',
    filter: '',
    pids: [],
    stdin,
    stdout,
    stderr,
    signals,
    jobs,
    environment: { TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    processExists: pid => pid < 1000,
    explain: error => `ebpf-top: ${error instanceof Error ? error.message : String(error)}\n  what to do\n`,
    ...change,
  })
  const buffer = () => stdout.terminal.buffer.active
  const look = (): string[] =>
    Array.from(
      { length: stdout.rows },
      (_, y) => buffer().getLine(y)?.translateToString(false, 0, stdout.columns).trimEnd() ?? '',
    )
  const person: Person = {
    screen,
    stdin,
    stdout,
    stderr,
    signals,
    told,
    looked,
    priority,
    stopped,
    look,
    async see(seen) {
      const right = typeof seen === 'string' ? (lines: string[]) => lines.join('\n').includes(seen) : seen
      const until = Date.now() + PATIENCE
      while (!right(look())) {
        if (Date.now() > until) throw new Error(`not seen: ${seen}\n${look().join('\n')}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      return look()
    },
    type: bytes => stdin.write(bytes),
    take: sample => screen.take(sample),
    looksOf(text) {
      const y = look().findIndex(line => line.includes(text))
      const line = buffer().getLine(y)
      const cell = line?.getCell(look()[y]?.indexOf(text) ?? 0)
      if (cell === undefined) throw new Error(`not on the screen: ${text}`)
      return {
        inverse: cell.isInverse() !== 0,
        dim: cell.isDim() !== 0,
        bold: cell.isBold() !== 0,
        coloured: !cell.isFgDefault() || !cell.isBgDefault(),
      }
    },
  }
  people.push(person)
  return person
}

/** Ends all screens of a test. */
export async function everybodyLeaves(): Promise<void> {
  for (const { screen } of people.splice(0)) {
    screen.stop({ reason: 'done' })
    await screen.ended
  }
}
