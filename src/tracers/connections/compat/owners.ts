import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { descriptorLimit, readDescriptors } from '../../processes/process-folder.ts'

/** Sockets looked at in one go, so that the event loop is never held up for long; and how long at most, in milliseconds. */
const BATCH = 100
const BATCH_MS = 10

/** Sockets of which is seen at a sample whether their holder has them still. With more of them it takes several samples. */
const MOST_CHECKS = 2_000

/** Walks that look for a socket that nobody was found to have, as one on its way to another process; after that it is seldom. */
const PATIENCE = 8

/** How long a walk looks for sockets, in milliseconds; what it did not come to is for the next ones. */
const LIMIT_MS = 200

/** Descriptors of one process that are looked at in its turn: whoever has more of them does not hold up the others. */
const TURN = 2048

export interface Owner {
  readonly pid: number
  readonly name: string
}

/** Who has the file of a socket open, and where. */
interface Holder extends Owner {
  /** Link of the descriptor in /proc. */
  readonly path: string
}

/** A process with more descriptors than are looked at in its turn. */
interface Rest {
  readonly folder: string
  /** Its next one. */
  next: number
  /** Above all of them. */
  readonly end: number
}

/** Which process has the file of a socket open, from /proc/PID/fd; of several, the one with the lowest pid. */
export class SocketOwners {
  #holders = new Map<number, Holder>()
  /** Walks since an inode without a known holder was first seen, or was let go of. */
  #missing = new Map<number, number>()
  /** Inodes in the order in which they are checked; the first was checked longest ago. */
  #turns: number[] = []
  /** Processes whose turn is yet to come, the next one last. */
  #pids: number[] = []
  /** All processes are to have a turn once more. */
  #isPassDue = false
  /** By process, in the order of their turns. */
  readonly #rests = new Map<number, Rest>()

  /** The holder of a socket's inode; null: none was found. */
  get(inode: number): Owner | null {
    return this.#holders.get(inode) ?? null
  }

  /**
   * Finds who holds each of `inodes`, and forgets all others. Their values say who is thought to hold them, which is looked
   * at first, and not before the second time: most are not open for so long. null: nobody is.
   */
  async search(inodes: ReadonlyMap<number, number | null>): Promise<void> {
    this.#holders = new Map([...this.#holders].filter(([inode]) => inodes.has(inode)))
    await this.#check()
    const before = this.#missing
    const wanted = new Set([...inodes.keys()].filter(inode => !this.#holders.has(inode)))
    this.#missing = new Map(Array.from(wanted, inode => [inode, (before.get(inode) ?? -1) + 1]))
    const due = [...wanted].filter(inode => isDue(this.#missing.get(inode) ?? 0, inodes.get(inode) !== null))
    const until = performance.now() + LIMIT_MS
    const expected = [...new Set(due.map(inode => inodes.get(inode) ?? null))].filter(pid => pid !== null)
    await whileTime(until, () => this.#lookAtNext(expected, wanted))
    if (due.some(inode => wanted.has(inode))) this.#isPassDue = true
    await whileTime(until, () => this.#lookFurther(wanted))
  }

  /** Forgets holders that have let go of their sockets. */
  async #check(): Promise<void> {
    if (this.#turns.length === 0) this.#turns = [...this.#holders.keys()]
    for (const [i, inode] of this.#turns.splice(0, MOST_CHECKS).entries()) {
      if (i % BATCH === BATCH - 1) await setImmediate()
      const path = this.#holders.get(inode)?.path
      if (path !== undefined && inodeOf(path) !== inode) this.#holders.delete(inode)
    }
  }

  /** Takes the turn of one more process; false: there is none, or nothing is wanted. */
  #lookFurther(wanted: Set<number>): boolean {
    if (wanted.size === 0) return false
    if (this.#pids.length === 0 && this.#isPassDue) {
      this.#isPassDue = false
      const numbers = readdirSync('/proc').filter(name => /^\d+$/.test(name))
      this.#pids = numbers.map(Number).sort((a, b) => b - a)
    }
    return this.#lookAtNext(this.#pids, wanted) || this.#lookAtRest(wanted)
  }

  /** Takes the last of `pids`, and looks for what is wanted. */
  #lookAtNext(pids: number[], wanted: Set<number>): boolean {
    const pid = wanted.size === 0 ? undefined : pids.pop()
    if (pid === undefined) return false
    const descriptors = readDescriptors(pid, TURN)
    if (descriptors === null) return true
    const { folder, numbers, isWhole } = descriptors
    this.#lookAt(pid, folder, numbers, wanted)
    if (!isWhole && !this.#rests.has(pid)) {
      this.#rests.set(pid, { folder, next: (numbers.at(-1) ?? 0) + 1, end: descriptorLimit(folder) })
    }
    return true
  }

  /** The same for the next descriptors of a process that has many. */
  #lookAtRest(wanted: Set<number>): boolean {
    const [[pid, rest] = [0, null]] = this.#rests
    if (rest === null) return false
    const { folder, next, end } = rest
    rest.next = Math.min(next + TURN, end)
    const numbers = Array.from({ length: rest.next - next }, (_, i) => next + i)
    this.#lookAt(pid, folder, numbers, wanted)
    // behind all others
    this.#rests.delete(pid)
    if (rest.next < end) this.#rests.set(pid, rest)
    return true
  }

  #lookAt(pid: number, folder: string, numbers: readonly number[], wanted: Set<number>): void {
    let name: string | null = null
    for (const number of numbers) {
      const path = `${folder}/${number}`
      const inode = inodeOf(path)
      if (inode === null || !wanted.delete(inode)) continue
      name ??= readName(pid)
      this.#holders.set(inode, { pid, name, path })
    }
  }
}

/** Does it over and over, as long as it does something and there is time, and lets others have their turn meanwhile. */
async function whileTime(until: number, action: () => boolean): Promise<void> {
  let pauseAt = performance.now() + BATCH_MS
  for (let now = 0; now < until && action(); now = performance.now()) {
    if (now < pauseAt) continue
    await setImmediate()
    pauseAt = performance.now() + BATCH_MS
  }
}

/** Whether a socket is to be looked for after so many walks: seldom where it was looked for in vain for long. */
function isDue(walks: number, isExpected: boolean): boolean {
  if (walks === 0) return !isExpected
  return walks < PATIENCE || (walks & (walks - 1)) === 0
}

/** Of the socket that a descriptor is of; null: it is of another file, or closed. */
function inodeOf(path: string): number | null {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1]
    return inode === undefined ? null : Number(inode)
  } catch {
    return null
  }
}

function readName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()
  } catch {
    return ''
  }
}

/** PF_KTHREAD of a thread's flags, which are field 9 of /proc/PID/stat (proc(5)). */
const KERNEL_THREAD = 0x00200000

/** Whether a process is a thread of the kernel; not so where it has ended. */
export function isKernelThread(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]) & KERNEL_THREAD) !== 0
  } catch {
    return false
  }
}
