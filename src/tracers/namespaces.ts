import { closeSync, fstatSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { inNetworkNamespace } from '../bpf/kernel.ts'

/** Processes looked at in one go, so that the event loop is never held up for long. */
const BATCH = 200

/** Searches are at least this far apart; a namespace in which sockets connect or listen is told of meanwhile. */
const SEARCH_EVERY_MS = 2_000

/**
 * The network namespaces that processes live in, by their inode. Each is held open, so that sockets in it can be walked.
 */
export class NetworkNamespaces {
  readonly own: number
  readonly #ownFile: number
  readonly #others = new Map<number, number>()
  #searchedAt = -Infinity
  /** Without CAP_SYS_ADMIN no other namespace can be entered; those sockets are seen only when they close. */
  readonly #permitted: boolean

  constructor() {
    this.#ownFile = openSync('/proc/self/ns/net', 'r')
    this.own = fstatSync(this.#ownFile).ino
    this.#permitted = this.#mayEnter()
  }

  /** Inodes of the namespaces other than the tool's own that processes were in at the last search. */
  get others(): number[] {
    return [...this.#others.keys()]
  }

  /** Calls `action` inside one of the others. */
  within<T>(inode: number, action: () => T): T {
    const file = this.#others.get(inode)
    if (file === undefined) throw new RangeError(`no network namespace ${inode}`)
    return inNetworkNamespace(file, this.#ownFile, action)
  }

  /** A process was seen in this namespace, which may be new. */
  consider(inode: number, pid: number): void {
    if (this.#permitted && inode !== this.own && !this.#others.has(inode)) this.#look(String(pid))
  }

  /** Whether namespaces can be entered at all. */
  #mayEnter(): boolean {
    try {
      return inNetworkNamespace(this.#ownFile, this.#ownFile, () => true)
    } catch {
      return false
    }
  }

  /** Looks for new ones and lets go of those without a process, unless that was done just now. */
  async search(): Promise<void> {
    if (!this.#permitted || performance.now() - this.#searchedAt < SEARCH_EVERY_MS) return
    this.#searchedAt = performance.now()
    const found = new Set<number>()
    const pids = readdirSync('/proc').filter(name => /^[0-9]+$/.test(name))
    for (const [i, pid] of pids.entries()) {
      if (i % BATCH === BATCH - 1) await setImmediate()
      const inode = this.#look(pid)
      if (inode !== null) found.add(inode)
    }
    for (const [inode, file] of this.#others) {
      if (found.has(inode)) continue
      closeSync(file)
      this.#others.delete(inode)
    }
  }

  close(): void {
    for (const file of [this.#ownFile, ...this.#others.values()]) closeSync(file)
    this.#others.clear()
  }

  /** Inode of the namespace of a process, which is opened if it is new; null for the own one and for what has ended. */
  #look(pid: string): number | null {
    try {
      const path = `/proc/${pid}/ns/net`
      const inode = Number(/\[([0-9]+)\]/.exec(readlinkSync(path))?.[1])
      if (inode === this.own) return null
      if (!this.#others.has(inode)) this.#others.set(inode, openSync(path, 'r'))
      return inode
    } catch {
      return null
    }
  }
}
