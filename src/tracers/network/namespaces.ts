import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { inNetworkNamespace, liftFileLimit } from '../../bpf/kernel.ts'
import { readProcessLink } from '../processes/process-folder.ts'

/** Processes looked at in one go, so that the event loop is never held up for long. */
const BATCH = 200

/** How often it is seen whether somebody still lives in a namespace. */
const REVIEW_EVERY_MS = 2_000

/**
 * How often all processes are looked at in any case: a namespace in which sockets connect or listen is told of by its
 * sockets, and one whose place there was taken by another is found this way.
 */
const SEARCH_EVERY_MS = 30_000

/** Namespaces that are looked into at most, besides the own one: each takes two open files, and memory of the kernel. */
const MOST = 64

const OWN = '/proc/self/ns/net'

/** Open files that all else takes, with some to spare. */
const FILES_OF_OTHERS = 160

interface Namespace {
  readonly file: number
  /** Of a process that lives in it, or did. */
  readonly pid: string
}

/** A process in a namespace, its user, and where that can be opened. */
interface Place {
  readonly pid: string
  readonly user: number
  readonly path: string
}

/**
 * The network namespaces that processes live in, by their inode. Each is held open, so that sockets in it can be walked.
 */
export class NetworkNamespaces {
  readonly own: number
  /** null: no more files may be open. */
  #ownFile: number | null = null
  readonly #others = new Map<number, Namespace>()
  #searchedAt = -Infinity
  #reviewedAt = -Infinity
  /**
   * Without CAP_SYS_ADMIN no other namespace can be entered; those sockets are seen only when they close. null: not known yet.
   */
  #permitted: boolean | null = null
  readonly #most = Math.max(0, Math.min(MOST, Math.floor((liftFileLimit() - FILES_OF_OTHERS) / 2)))
  /** Those of the last search that there was no room for. */
  #leftOut = 0

  constructor() {
    // which takes no open file
    this.own = statSync(OWN).ino
    try {
      this.#openOwn()
    } catch {
      // no more files may be open: tried again when it is needed
    }
  }

  /** Inodes of the namespaces other than the tool's own that processes were in at the last search. */
  get others(): number[] {
    return [...this.#others.keys()]
  }

  /** How many others there were no room for. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** Calls `action` inside one of the others. */
  within<T>(inode: number, action: () => T): T {
    return inNetworkNamespace(this.fileOf(inode), this.#openOwn(), action)
  }

  /** A process in it, as /proc names it. */
  processIn(inode: number): string {
    return this.#others.get(inode)?.pid ?? 'self'
  }

  /** One of the others as an open file. */
  fileOf(inode: number): number {
    const namespace = this.#others.get(inode)
    if (namespace === undefined) throw new RangeError(`no network namespace ${inode}`)
    return namespace.file
  }

  /** The way back. Throws where no more files may be open. */
  #openOwn(): number {
    this.#ownFile ??= openSync(OWN, 'r')
    return this.#ownFile
  }

  /** Whether namespaces can be entered at all. Throws where no more files may be open. */
  #mayEnter(): boolean {
    const own = this.#openOwn()
    try {
      return inNetworkNamespace(own, own, () => true)
    } catch {
      return false
    }
  }

  /** Lets go of those in which no process is any more, and looks for new ones, unless that was done just now. */
  async search(): Promise<void> {
    this.#permitted ??= this.#mayEnter()
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
    const found = new Map<number, Place>()
    const pids = readdirSync('/proc').filter(name => /^[0-9]+$/.test(name))
    for (const [i, pid] of pids.entries()) {
      if (i % BATCH === BATCH - 1) await setImmediate()
      const namespace = namespaceOf(pid)
      if (namespace === null || namespace.inode === this.own || found.has(namespace.inode)) continue
      found.set(namespace.inode, { pid, user: userOf(pid), path: namespace.path })
    }
    const chosen = this.#choose(found)
    this.#leftOut = found.size - chosen.length
    for (const inode of this.#others.keys()) if (!chosen.includes(inode)) this.#letGo(inode)
    for (const [inode, place] of found) if (chosen.includes(inode)) this.#open(inode, place)
  }

  /** As many as there is room for: of each user one, then of each a second one, and so on. Those that are open go first. */
  #choose(found: ReadonlyMap<number, Place>): number[] {
    if (found.size <= this.#most) return [...found.keys()]
    const ofUsers = Map.groupBy(found.keys(), inode => found.get(inode)?.user)
    const ranked = [...ofUsers.values()].flatMap(inodes =>
      inodes
        .toSorted((a, b) => Number(this.#others.has(b)) - Number(this.#others.has(a)))
        .map((inode, rank) => ({ inode, rank })),
    )
    return ranked
      .toSorted((a, b) => a.rank - b.rank)
      .slice(0, this.#most)
      .map(({ inode }) => inode)
  }

  close(): void {
    for (const { file } of this.#others.values()) closeSync(file)
    if (this.#ownFile !== null) closeSync(this.#ownFile)
    this.#ownFile = null
    this.#others.clear()
  }

  /** What cannot be opened is looked for again by the next search. */
  #open(inode: number, { pid, path }: Place): void {
    const known = this.#others.get(inode)
    try {
      const file = known?.file ?? openSync(path, 'r')
      this.#others.set(inode, { file, pid })
      // the process may be in another one by now
      if (known === undefined && fstatSync(file).ino !== inode) this.#letGo(inode)
    } catch {
      this.#leftOut++
    }
  }

  #letGo(inode: number): void {
    const namespace = this.#others.get(inode)
    if (namespace !== undefined) closeSync(namespace.file)
    this.#others.delete(inode)
  }
}

/** Real user id of a process; -1: it has ended. */
function userOf(pid: string): number {
  try {
    return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return -1
  }
}

/** Inode of the network namespace of a process, and where that can be opened; null where it has ended. */
function namespaceOf(pid: string): { inode: number; path: string } | null {
  const link = readProcessLink(pid, 'ns/net')
  const inode = /\[([0-9]+)\]/.exec(link?.target ?? '')?.[1]
  return link === null || inode === undefined ? null : { inode: Number(inode), path: link.path }
}
