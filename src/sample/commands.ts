import { readFileSync } from 'node:fs'

/** USER_HZ, in which /proc states times: 100 on every architecture that Linux runs on here. */
const TICK_NS = 1e9 / 100

interface Known {
  readonly command: string
  /** The process's name when it was read: exec changes both. */
  readonly name: string
  used: number
}

/** Command lines of processes, read from /proc once each and remembered while they are asked for. */
export class Commands {
  readonly #known = new Map<string, Known>()
  #turn = 0

  /**
   * Command line with the arguments separated by spaces; the name where it cannot be read any more.
   * `startedNs` is the start of the process since boot, so that a successor with the same pid is not taken for it;
   * 0 where it is not known.
   */
  get(pid: number, startedNs: number, name: string): string {
    const key = `${pid}:${startedNs}`
    let known = this.#known.get(key)
    if (known === undefined || known.name !== name) {
      known = { command: readCommand(pid, startedNs) ?? known?.command ?? name, name, used: 0 }
      this.#known.set(key, known)
    }
    known.used = this.#turn
    return known.command
  }

  /** Ends a turn: forgets what was not asked for in it. */
  forget(): void {
    for (const [key, known] of this.#known) if (known.used !== this.#turn) this.#known.delete(key)
    this.#turn++
  }
}

function readCommand(pid: number, startedNs: number): string | null {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ')
    // kernel threads have none
    if (command === '') return null
    return startedNs === 0 || startedIn(pid) === Math.floor(startedNs / TICK_NS) ? command : null
  } catch {
    return null
  }
}

/** Start of a process in ticks since boot: field 22 of /proc/PID/stat, counted from behind the name (proc(5)). */
function startedIn(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}
