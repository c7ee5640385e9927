import { readFileSync } from 'node:fs'
import { type Group, readGroup } from './cgroup.ts'

/** USER_HZ, in which /proc states times: 100 on every architecture that Linux runs on here. */
const TICK_NS = 1e9 / 100

/** What /proc tells of a process that the kernel side does not. */
export interface Facts extends Group {
  /** Command line with the arguments separated by spaces; the name where it cannot be read any more. */
  readonly command: string
}

interface Known {
  readonly facts: Facts
  /** The process's start and name when they were read: a successor has another start, and exec changes the name. */
  readonly startedNs: number
  readonly name: string
  used: number
}

const NOTHING: Group = { container: null, pod: null, unit: null }

/** Facts of processes, read from /proc once each and remembered while they are asked for. */
export class ProcessFacts {
  readonly #known = new Map<number, Known>()
  /** Those of processes whose start nothing told. */
  readonly #withoutStart = new Map<number, Known>()
  #turn = 0

  /**
   * `startedNs` is the start of the process since boot, so that a successor with the same pid is not taken for it;
   * 0 where it is not known.
   */
  get(pid: number, startedNs: number, name: string): Facts {
    const all = startedNs === 0 ? this.#withoutStart : this.#known
    let known = all.get(pid)
    if (known === undefined || known.name !== name || known.startedNs !== startedNs) {
      const before = known?.startedNs === startedNs ? known.facts : null
      const facts = read(pid, startedNs, name) ?? before ?? { command: name, ...NOTHING }
      known = { facts, startedNs, name, used: 0 }
      all.set(pid, known)
    }
    known.used = this.#turn
    return known.facts
  }

  /** Ends a turn: forgets what was not asked for in it. */
  forget(): void {
    for (const all of [this.#known, this.#withoutStart]) {
      // an array for each pair would be garbage, of every process in every sample
      all.forEach(({ used }, pid) => {
        if (used !== this.#turn) all.delete(pid)
      })
    }
    this.#turn++
  }
}

function read(pid: number, startedNs: number, name: string): Facts | null {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ')
    const group = readGroup(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
    if (startedNs !== 0 && startedIn(pid) !== Math.floor(startedNs / TICK_NS)) return null
    // kernel threads have no command line
    return { command: command === '' ? name : command, ...group }
  } catch {
    return null
  }
}

/** Start of a process in ticks since boot: field 22 of /proc/PID/stat, counted from behind the name (proc(5)). */
function startedIn(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}
