import { readFileSync } from 'node:fs'
import { type Child, startChild } from '../asking/child.ts'
import { ownProcesses } from '../own-processes.ts'
import type { Capability } from '../rights/capabilities.ts'
import { type Group, readGroup } from './cgroup.ts'
import { COMMAND_BYTES, commandText } from './command.ts'
import { afterName, type Details, detailsIn, readStat } from './details.ts'

/** What /proc told of a process. */
export interface Answer {
  /** Start of the process, in ticks since boot; null: it has ended. */
  readonly startedTicks: number | null
  readonly name: string
  /** Empty: it has none, as kernel threads. */
  readonly command: string
  readonly group: Group
}

/** Takes an answer; null: there is none, and may be later on. */
export type OnAnswer = (answer: Answer | null) => void

export interface Question {
  readonly pid: number
  readonly onAnswer: OnAnswer
}

/** A question that was asked. */
interface Asked {
  readonly pid: number
  /** What the child is told. */
  readonly word: number
  /** Takes the parts of the answer; null: there is none. */
  take(parts: readonly [Buffer, Buffer, Buffer] | null, whole: number): void
}

/** Of helper.c: marks a question for details. */
const DETAILS = 0x80000000

/** How long an answer may take before it is seen whether the child is held up, in milliseconds. */
const PATIENCE_MS = 100

/** How long a process whose files do not answer is left alone, in milliseconds; and how many of those are remembered. */
const LEFT_ALONE_MS = 30_000
const MOST_LEFT_ALONE = 1024

/** Children that may be held up at a time: each takes some 50 kB, and ends when what it waits for does. */
const MOST_STUCK = 8

/** Questions that wait for their answer. */
const MOST_WAITING = 2048

/** Of `struct answer` in helper.c. */
const HEAD_BYTES = 16

/**
 * Asks /proc who processes are, through a child (helper.c): a file of /proc may never answer, as long as the process's
 * memory is locked, and nothing ends who waits for it then. A child that is held up is given up, the process that did it
 * is left alone for a while, and another child goes on.
 */
export class FactsReader {
  readonly #program: string
  readonly #capabilities: readonly Capability[]
  #child: Child | null = null
  /** Those that were asked and have not answered yet, in that order. */
  #waiting: Asked[] = []
  #received: Buffer = Buffer.alloc(0)
  #timer: NodeJS.Timeout | null = null
  readonly #leftAlone = new Map<number, number>()
  readonly #stuck = new Set<Child>()
  /** Why nobody can be asked; null: somebody is. */
  failure: string | null = null
  #settled: (() => void)[] = []
  #closed = false

  /** `program`: the compiled helper; `capabilities`: what it takes to see all processes. */
  constructor(program: string, capabilities: readonly Capability[] = []) {
    this.#program = program
    this.#capabilities = capabilities
    this.#start()
  }

  /** Asks for a process. What is asked for in one go is written in one go. */
  ask(questions: readonly Question[]): void {
    this.#ask(questions.map(({ pid, onAnswer }) => ({ pid, word: pid, take: answering(onAnswer) })))
  }

  /** Asks for more of a process, by files that do not wait for its memory. */
  askDetails(pid: number, onAnswer: (details: Details | 'ended' | 'no answer') => void): void {
    const take: Asked['take'] = parts => onAnswer(parts === null ? 'no answer' : (detailsIn(...parts) ?? 'ended'))
    this.#ask([{ pid, word: (pid | DETAILS) >>> 0, take }])
  }

  #ask(questions: readonly Asked[]): void {
    const now = performance.now()
    const asked = questions.filter(({ pid, word, take }) => {
      // those of details have not held up anybody
      const isLeftAlone = word === pid && (this.#leftAlone.get(pid) ?? 0) > now
      if (isLeftAlone) take(null, 0)
      return !isLeftAlone
    })
    const room = Math.max(0, MOST_WAITING - this.#waiting.length)
    for (const { take } of asked.slice(room)) take(null, 0)
    this.#send(asked.slice(0, room))
  }

  /** Waits until all has been answered, but no longer than some milliseconds. */
  settled(milliseconds: number): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve()
    return new Promise(resolve => {
      const late = setTimeout(resolve, milliseconds)
      this.#settled.push(() => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  close(): void {
    this.#closed = true
    this.#giveUp()
    this.#answerNothing()
  }

  #start(): void {
    this.failure = null
    let child: Child
    try {
      child = startChild(this.#program, { capabilities: this.#capabilities })
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error)
      return
    }
    this.#child = child
    const { process, stdout } = child
    const { pid } = process
    ownProcesses.began(pid)
    const gone = (): void => {
      ownProcesses.ended(pid)
      this.#stuck.delete(child)
      this.failure ??= child.failure
      if (this.#child !== child) return
      this.#child = null
      this.#answerNothing()
    }
    process.once('error', gone)
    process.once('exit', gone)
    stdout.on('data', (chunk: Buffer) => {
      if (this.#child === child) this.#receive(chunk)
    })
  }

  #send(questions: readonly Asked[]): void {
    if (questions.length === 0) return
    if (this.#child === null && !this.#closed && this.#stuck.size < MOST_STUCK) this.#start()
    const child = this.#child
    if (child === null) {
      for (const { take } of questions) take(null, 0)
      return
    }
    this.#waiting.push(...questions)
    child.stdin.write(Buffer.from(Uint32Array.from(questions, ({ word }) => word).buffer))
    this.#watch()
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    for (;;) {
      const bytes = this.#received
      if (bytes.length < HEAD_BYTES) break
      const [command, groups, stat] = [bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)]
      const end = HEAD_BYTES + command + groups + stat
      if (bytes.length < end) break
      this.#received = bytes.subarray(end)
      const [first, second] = [HEAD_BYTES + command, HEAD_BYTES + command + groups]
      const parts = [
        bytes.subarray(HEAD_BYTES, first),
        bytes.subarray(first, second),
        bytes.subarray(second, end),
      ] as const
      this.#waiting.shift()?.take(parts, command)
    }
    this.#watch()
  }

  /** Looks again when an answer is late. */
  #watch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#waiting.length === 0) {
      for (const resolve of this.#settled.splice(0)) resolve()
      return
    }
    this.#timer = setTimeout(() => this.#late(), PATIENCE_MS)
    this.#timer.unref()
  }

  #late(): void {
    this.#timer = null
    const [first, ...rest] = this.#waiting
    if (first === undefined) return
    // it has had no turn yet
    if (isRunnable(this.#child?.process.pid)) {
      this.#watch()
      return
    }
    if (this.#leftAlone.size >= MOST_LEFT_ALONE) this.#leftAlone.clear()
    this.#leftAlone.set(first.pid, performance.now() + LEFT_ALONE_MS)
    this.#giveUp()
    this.#waiting = []
    first.take(null, 0)
    this.#send(rest)
    this.#watch()
  }

  /** Nobody waits for the child any more. */
  #giveUp(): void {
    const child = this.#child
    this.#child = null
    this.#received = Buffer.alloc(0)
    if (child === null) return
    this.#stuck.add(child)
    child.stdin.destroy()
    child.stdout.destroy()
    child.process.kill('SIGKILL')
  }

  #answerNothing(): void {
    this.#received = Buffer.alloc(0)
    for (const { take } of this.#waiting.splice(0)) take(null, 0)
    this.#watch()
  }
}

/** Whether a process has a turn, or waits for one: by a file of /proc that takes no lock of its memory. */
function isRunnable(pid: number | undefined): boolean {
  try {
    return / R /.test(afterName(readFileSync(`/proc/${pid}/stat`, 'utf8')).slice(0, 3))
  } catch {
    return false
  }
}

function answering(onAnswer: OnAnswer): Asked['take'] {
  return (parts, whole) => onAnswer(parts === null ? null : answerOf(...parts, whole))
}

function answerOf(arguments_: Buffer, groups: Buffer, status: Buffer, whole: number): Answer {
  const command = commandText(arguments_.subarray(0, COMMAND_BYTES), whole)
  const group = readGroup(groups.toString('utf8'))
  const stat = readStat(status.toString('utf8'))
  if (stat === null) return { startedTicks: null, name: '', command, group }
  return { startedTicks: stat.startedTicks, name: stat.name, command, group }
}
