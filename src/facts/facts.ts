import { ownProcesses } from '../own-processes.ts'
import { ByProcess, type ProcessKey } from './by-process.ts'
import type { Group } from './cgroup.ts'
import type { Answer, Question } from './reader.ts'

/** USER_HZ, in which /proc states times: 100 on every architecture that Linux runs on here. */
const TICK_NS = 1e9 / 100

/** Who a process is. */
export interface Facts extends Group {
  readonly name: string
  /** Command line with the arguments separated by spaces; the name where it is not known, or where there is none. */
  readonly command: string
}

/** A process of an interval, and what the kernel side told of it then. */
export interface Told extends ProcessKey {
  readonly name: string
  /** It did something in the interval; what it only owns is no deed. */
  readonly active: boolean
  readonly exited: boolean
  /** null: not told. */
  readonly command: string | null
  readonly group: Group | null
}

/** Who asks /proc. */
export interface Asking {
  ask(questions: readonly Question[]): void
  settled(milliseconds: number): Promise<void>
}

interface Known extends ProcessKey, Facts {
  /** null: nobody has told. */
  told: string | null
  group: Group | null
  name: string
  command: string
  container: string | null
  pod: string | null
  unit: string | null
  /** Turns in which it was used, was active, was asked for, and in which /proc answered; 0: in none. */
  used: number
  active: number
  asked: number
  answered: number
  /** It is being asked for. */
  waits: boolean
}

const NOTHING: Group = { container: null, pod: null, unit: null }

/** Processes that are remembered though nobody uses them: some end after a long rest. */
const MOST_UNUSED = 4096

/** Active processes that are asked for anew in a turn, where the kernel side does not tell their arguments. */
const ASKED_ANEW = 256

/** How long a sample waits for what /proc tells, in milliseconds; the first one, which has most to ask, longer. */
const PATIENCE_MS = 60
const FIRST_PATIENCE_MS = 250

/**
 * Who processes are: from what the kernel side tells of those that are active, and for the rest from /proc, which is asked
 * once. A process that rests does not change: it is asked for once more when it was active and then rests, since it may
 * have changed after the kernel side looked.
 */
export class ProcessFacts {
  readonly #reader: Asking | null
  readonly #known = new ByProcess<Known>()
  #turn = 1

  /** `reader` null: /proc tells of other processes than the kernel side. */
  constructor(reader: Asking | null) {
    this.#reader = reader
  }

  /** Processes that are none of others: those that ask. */
  isOwn(pid: number): boolean {
    return ownProcesses.has(pid)
  }

  /** Takes what the kernel side told of the processes of an interval, and asks for what it did not, for a short time. */
  async learn(processes: Iterable<Told>): Promise<void> {
    const isNew: Known[] = []
    const again: Known[] = []
    for (const process of processes) {
      const known = this.#take(process)
      if (this.#reader === null || process.exited || known.waits) continue
      const isUnknown = known.told === null || known.group === null
      if (known.answered === 0 && isUnknown) isNew.push(known)
      else if (process.active ? process.command === null : mayHaveChanged(known)) again.push(known)
    }
    // those that have waited longest
    again.sort((a, b) => a.asked - b.asked)
    const asked = [...isNew, ...again.slice(0, ASKED_ANEW)]
    if (asked.length === 0) return
    this.#reader?.ask(asked.map(known => this.#question(known)))
    await this.#reader?.settled(this.#turn === 1 ? FIRST_PATIENCE_MS : PATIENCE_MS)
  }

  /** What is known of a process; `name`: if nothing is. */
  get(pid: number, startedNs: number, name: string): Facts {
    return this.#known.get(pid, startedNs) ?? { name, command: name, ...NOTHING }
  }

  /** The same, if anything is known. */
  find(pid: number, startedNs: number): Facts | undefined {
    return this.#known.get(pid, startedNs)
  }

  /** Ends a turn: of what was not used for long, only so much is remembered. */
  forget(): void {
    const unused: Known[] = []
    this.#known.forEach(known => {
      if (known.used < this.#turn) unused.push(known)
    })
    this.#turn++
    if (unused.length <= MOST_UNUSED) return
    unused.sort((a, b) => a.used - b.used)
    for (const known of unused.slice(0, unused.length - MOST_UNUSED)) this.#known.delete(known)
  }

  #take(process: Told): Known {
    const { pid, startedNs, active } = process
    let known = this.#known.get(pid, startedNs)
    if (known === undefined) {
      known = knownOf(process)
      this.#known.set(known)
    }
    known.used = this.#turn
    if (!active) return known
    known.active = this.#turn
    if (known.name !== process.name) {
      known.name = process.name
      // of the program that it ran before
      if (process.command === null) known.told = null
    }
    if (process.command !== null) known.told = process.command
    if (process.group !== null) setGroup(known, process.group)
    known.command = known.told ?? known.name
    return known
  }

  #question(known: Known): Question {
    known.waits = true
    known.asked = this.#turn
    const isActive = known.active === this.#turn
    return {
      pid: known.pid,
      onAnswer: (answer: Answer | null) => {
        known.waits = false
        if (answer === null) return
        known.answered = this.#turn
        if (answer.startedTicks === null) return
        if (known.startedNs !== 0 && answer.startedTicks !== Math.floor(known.startedNs / TICK_NS)) return
        // the kernel side knows the name of an active one as it was at the end of the interval
        if (!isActive) known.name = answer.name
        known.told = answer.command === '' ? null : answer.command
        known.command = known.told ?? known.name
        setGroup(known, answer.group)
      },
    }
  }
}

/** Whether a process that rests may be another than it was when it was asked for: after its last deed, or as a successor. */
function mayHaveChanged({ startedNs, active, answered }: Known): boolean {
  return startedNs === 0 || (active > 0 && answered <= active)
}

function knownOf({ pid, startedNs, name, command, group }: Told): Known {
  return {
    ...{ pid, startedNs, name, told: command, command: command ?? name, group, ...(group ?? NOTHING) },
    ...{ used: 0, active: 0, asked: 0, answered: 0, waits: false },
  }
}

function setGroup(known: Known, group: Group): void {
  known.group = group
  known.container = group.container
  known.pod = group.pod
  known.unit = group.unit
}
