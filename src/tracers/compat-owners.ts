import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { readDescriptors } from './process-folder.ts'

/** Processes, or sockets, looked at in one go, so that the event loop is never held up for long. */
const BATCH = 100

/** Sockets of which is seen at a sample whether their holder has them still. With more of them it takes several samples. */
const MOST_CHECKS = 2_000

/** Walks that look for a socket that nobody was found to have, as one on its way to another process; after that it is seldom. */
const PATIENCE = 8

export interface Owner {
  readonly pid: number
  readonly name: string
}

/** Who has the file of a socket open, and where. */
interface Holder extends Owner {
  /** Link of the descriptor in /proc. */
  readonly path: string
}

/** Which process has the file of a socket open, from /proc/PID/fd; of several, the one with the lowest pid. */
export class SocketOwners {
  #holders = new Map<number, Holder>()
  /** Walks since an inode without a known holder was first seen, or was let go of. */
  #missing = new Map<number, number>()
  /** Inodes in the order in which they are checked; the first was checked longest ago. */
  #turns: number[] = []

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
    const missing = [...inodes].filter(([inode]) => !this.#holders.has(inode))
    this.#missing = new Map(missing.map(([inode]) => [inode, (before.get(inode) ?? -1) + 1]))
    const wanted = new Map(missing.filter(([inode, pid]) => isDue(this.#missing.get(inode) ?? 0, pid !== null)))
    if (wanted.size === 0) return
    await this.#look(
      [...new Set(wanted.values())].filter(pid => pid !== null),
      wanted,
    )
    if ([...wanted.keys()].every(inode => this.#holders.has(inode))) return
    const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
    await this.#look(pids.map(Number), wanted)
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

  async #look(pids: readonly number[], inodes: ReadonlyMap<number, unknown>): Promise<void> {
    for (const [i, pid] of pids.entries()) {
      if (i % BATCH === BATCH - 1) await setImmediate()
      this.#lookAt(pid, inodes)
    }
  }

  #lookAt(pid: number, inodes: ReadonlyMap<number, unknown>): void {
    const descriptors = readDescriptors(pid)
    let name: string | null = null
    for (const number of descriptors?.numbers ?? []) {
      const path = `${descriptors?.folder}/${number}`
      const inode = inodeOf(path)
      if (inode === null || !inodes.has(inode) || this.#holders.has(inode)) continue
      name ??= readName(pid)
      this.#holders.set(inode, { pid, name, path })
    }
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
