import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

/** Processes looked at in one go, so that the event loop is never held up for long. */
const BATCH = 100

export interface Owner {
  readonly pid: number
  readonly name: string
}

/** Which process has the file of a socket open, from /proc/PID/fd; of several, the one with the lowest pid. */
export class SocketOwners {
  #owners = new Map<number, Owner>()
  /** Inodes that were looked for once, in vain or not. */
  #searched = new Set<number>()

  /** The holder of a socket's inode; null: none was found. */
  get(inode: number): Owner | null {
    return this.#owners.get(inode) ?? null
  }

  /** Looks for those of `inodes` that were not looked for before; forgets all others. */
  async search(inodes: ReadonlySet<number>): Promise<void> {
    const isNew = !inodes.isSubsetOf(this.#searched)
    this.#searched = new Set(inodes)
    this.#owners = new Map([...this.#owners].filter(([inode]) => inodes.has(inode)))
    if (!isNew) return
    const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
    for (const [i, pid] of pids.entries()) {
      if (i % BATCH === BATCH - 1) await setImmediate()
      this.#look(Number(pid), inodes)
    }
  }

  /** What these processes had open is looked for anew. */
  forget(pids: readonly number[]): void {
    const ended = new Set(pids)
    for (const [inode, { pid }] of this.#owners) {
      if (!ended.has(pid)) continue
      this.#owners.delete(inode)
      this.#searched.delete(inode)
    }
  }

  #look(pid: number, inodes: ReadonlySet<number>): void {
    let name: string | null = null
    for (const inode of socketsOf(pid)) {
      if (!inodes.has(inode) || this.#owners.has(inode)) continue
      name ??= readName(pid)
      this.#owners.set(inode, { pid, name })
    }
  }
}

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(fd => inodeOf(`/proc/${pid}/fd/${fd}`))
  } catch {
    return []
  }
}

function inodeOf(path: string): number[] {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1]
    return inode === undefined ? [] : [Number(inode)]
  } catch {
    return []
  }
}

function readName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()
  } catch {
    return ''
  }
}
