import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { inNetworkNamespace } from '../bpf/kernel.ts'
import { readProcessLink } from './process-folder.ts'

/** Processes looked at in one go, so that the event loop is never held up for long. */
const BATCH = 200

/** How often it is seen whether somebody still lives in a namespace. */
const REVIEW_EVERY_MS = 2_000

/**
 * How often all processes are looked at in any case: a namespace in which sockets connect or listen is told of by its
 * sockets, and one whose place there was taken by another is found this way.
 */
const SEARCH_EVERY_MS = 30_000

interface Namespace {
  readonly file: number
  /** Of a process that lives in it, or did. */
  readonly pid: string
}

/**
 * The network namespaces that processes live in, by their inode. Each is held open, so that sockets in it can be walked.
 */
export class NetworkNamespaces {
  readonly own: number
  readonly #ownFile: number
  readonly #others = new Map<number, Namespace>()
  #searchedAt = -Infinity
  #reviewedAt = -Infinity
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
    const namespace = this.#others.get(inode)
    if (namespace === undefined) throw new RangeError(`no network namespace ${inode}`)
    return inNetworkNamespace(namespace.file, this.#ownFile, action)
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

  /** Lets go of those in which no process is any more, and looks for new ones, unless that was done just now. */
  async search(): Promise<void> {
    if (!this.#permitted) return
    const now = performance.now()
    if (now - this.#reviewedAt < REVIEW_EVERY_MS) return
    this.#reviewedAt = now
    if (now - this.#searchedAt < SEARCH_EVERY_MS && this.#allLive()) return
    this.#searchedAt = now
    await this.#searchAll()
  }

  /** Whether each of the others still has the process that it was found by. */
  #allLive(): boolean {
    return [...this.#others].every(([inode, { pid }]) => namespaceOf(pid)?.inode === inode)
  }

  async #searchAll(): Promise<void> {
    const found = new Map<number, string>()
    const pids = readdirSync('/proc').filter(name => /^[0-9]+$/.test(name))
    for (const [i, pid] of pids.entries()) {
      if (i % BATCH === BATCH - 1) await setImmediate()
      const inode = this.#look(pid)
      if (inode !== null) found.set(inode, pid)
    }
    for (const [inode, { file }] of this.#others) {
      const pid = found.get(inode)
      if (pid === undefined) {
        closeSync(file)
        this.#others.delete(inode)
      } else {
        this.#others.set(inode, { file, pid })
      }
    }
  }

  close(): void {
    for (const { file } of this.#others.values()) closeSync(file)
    closeSync(this.#ownFile)
    this.#others.clear()
  }

  /** Inode of the namespace of a process, which is opened if it is new; null for the own one and for what has ended. */
  #look(pid: string): number | null {
    const namespace = namespaceOf(pid)
    if (namespace === null || namespace.inode === this.own) return null
    const { inode, path } = namespace
    try {
      if (!this.#others.has(inode)) this.#others.set(inode, { file: openSync(path, 'r'), pid })
      return inode
    } catch {
      return null
    }
  }
}

/** Inode of the network namespace of a process, and where that can be opened; null where it has ended. */
function namespaceOf(pid: string): { inode: number; path: string } | null {
  const link = readProcessLink(pid, 'ns/net')
  const inode = /\[([0-9]+)\]/.exec(link?.target ?? '')?.[1]
  return link === null || inode === undefined ? null : { inode: Number(inode), path: link.path }
}
