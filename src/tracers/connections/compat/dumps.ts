import { Asker, type Outcome, type Question } from '../../../asking/asker.ts'
import type { NetworkNamespaces } from '../../network/namespaces.ts'
import { Destroyed } from './destroyed.ts'
import { type DiagSocket, DUMPS, NETLINK_SOCK_DIAG, requestFor, socketsIn } from './diag.ts'
import { type Ends, endsFromProc } from './proc.ts'
import { endsOf } from './sockets.ts'

/** A socket that inet_diag told of, and the namespace that it is in. */
export interface Found extends DiagSocket {
  readonly namespace: number
  /** It could not be asked for now: this is what was told before. */
  readonly busy: boolean
}

/** Names a socket for as long as it lives. */
export function keyOf({ namespace, cookie }: Found): string {
  return `${namespace}:${cookie}`
}

/** Room for messages about destroyed sockets, of the own namespace and of another one. */
const OWN_MESSAGES = 32 << 20
const MESSAGES = 8 << 20

/** How long a walk asks for all sockets, and for single ones, in milliseconds. */
const DUMP_LIMIT_MS = 1_000
const FIND_LIMIT_MS = 500

/** Something that is asked for in a namespace. */
interface Asked extends Question {
  readonly inode: number
  /** Names it, in case that it holds up who asks. */
  readonly key: string | number
}

/** Asks for one socket. */
interface Search extends Asked {
  readonly key: string
  /** What was told of it before; null: nothing. */
  readonly before: Found | null
}

/** inet_diag in each network namespace that can be entered. It is asked by another process, which it may hold up. */
export class Diags {
  readonly #namespaces: NetworkNamespaces
  readonly #destroyed = new Map<number, Destroyed>()
  readonly #asker: Asker
  /** What holds up who asks: namespaces by their inode, and sockets by their key or their two ends. */
  readonly #held = new Set<string | number>()
  /** Namespaces whose sockets were all told, once at least. */
  readonly #whole = new Set<number>()
  /** Those of the walk before. */
  #settled: ReadonlySet<number> = new Set()
  #refused = new Map<number, string>()

  /** `program`: the compiled src/tracers/connections/compat/diag.c. Throws where there is no inet_diag. */
  constructor(namespaces: NetworkNamespaces, program: string) {
    this.#namespaces = namespaces
    this.#asker = new Asker(program)
    this.#destroyed.set(namespaces.own, new Destroyed(OWN_MESSAGES))
  }

  /** Looks for namespaces that are new, and lets go of those that are gone. */
  async search(): Promise<void> {
    await this.#namespaces.search()
    const others = this.#namespaces.others
    this.#refused = new Map()
    for (const inode of others) {
      if (this.#destroyed.has(inode)) continue
      try {
        this.#destroyed.set(
          inode,
          this.#namespaces.within(inode, () => new Destroyed(MESSAGES)),
        )
      } catch (error) {
        this.#refused.set(inode, error instanceof Error ? error.message : String(error))
      }
    }
    for (const [inode, destroyed] of this.#destroyed) {
      if (inode === this.#namespaces.own || others.includes(inode)) continue
      destroyed.close()
      this.#destroyed.delete(inode)
      this.#whole.delete(inode)
    }
  }

  /** What cannot be seen for now, a line each. */
  notes(): string[] {
    const notes: string[] = []
    if (this.#held.size > 0) {
      notes.push(
        'inet_diag waits for a process that holds the lock of a socket: its connection is shown as it was before',
      )
    }
    const [reason] = this.#refused.values()
    if (reason !== undefined) notes.push(`${this.#refused.size} network namespaces cannot be read: ${reason}`)
    const { leftOut } = this.#namespaces
    if (leftOut > 0) notes.push(`${leftOut} more network namespaces are skipped: there are too many`)
    return notes
  }

  /**
   * All TCP sockets that are open now, once each. Those `before` that a dump passed over, and that may be, are asked for by
   * themselves; so are those that are known by their two ends or are in /proc/net/tcp, where a dump did not come to its
   * end. Of what holds up who asks, what was told before is told again.
   */
  async dump(before: readonly Found[], maybe: (socket: Found) => boolean, live: readonly Ends[]): Promise<Found[]> {
    this.#settled = new Set(this.#whole)
    const found = new Map<string, Found>()
    const partly = await this.#dumpAll(socket => found.set(keyOf(socket), socket))
    const searches = [
      ...before
        // a namespace that is let go of can't be asked any more
        .filter(socket => this.#destroyed.has(socket.namespace) && !found.has(keyOf(socket)) && maybe(socket))
        .map(socket => this.#searchFor(socket)),
      ...this.#searchesIn(partly, live, new Set([...found.values(), ...before].map(endsOf))),
    ]
    const free = searches.filter(({ key }) => !this.#held.has(key))
    const [told, outcomes] = await this.#ask(free, FIND_LIMIT_MS)
    for (const socket of told) found.set(keyOf(socket), socket)
    for (const search of searches) {
      const { key, before } = search
      if (before === null || found.has(key) || outcomes.get(search) === 'answered') continue
      found.set(key, { ...before, busy: true })
    }
    return [...found.values()]
  }

  /** All sockets of a namespace were told before the last dump began: what nothing tells of is new since. */
  isSettled(namespace: number): boolean {
    return this.#settled.has(namespace)
  }

  /** Those that were destroyed since the last call, with their last counters. */
  takeDestroyed(): Found[] {
    return [...this.#destroyed].flatMap(([namespace, destroyed]) =>
      destroyed.take().map(socket => ({ ...socket, namespace, busy: false })),
    )
  }

  /** How many of those there was no room for. */
  takeDrops(): number {
    return [...this.#destroyed.values()].reduce((sum, destroyed) => sum + destroyed.takeDrops(), 0)
  }

  close(): void {
    for (const destroyed of this.#destroyed.values()) destroyed.close()
  }

  /** Gives the namespaces of which not all was told. */
  async #dumpAll(take: (socket: Found) => void): Promise<number[]> {
    const inodes = [...this.#destroyed.keys()]
    const questions = inodes
      .filter(inode => !this.#held.has(inode))
      .flatMap(inode => DUMPS.map(dump => ({ ...this.#question(inode, dump()), inode, key: inode })))
    const [told, outcomes] = await this.#ask(questions, DUMP_LIMIT_MS)
    for (const socket of told) take(socket)
    const partly = new Set(inodes.filter(inode => this.#held.has(inode)))
    for (const [{ inode }, outcome] of outcomes) if (outcome !== 'answered') partly.add(inode)
    for (const inode of inodes) if (!partly.has(inode)) this.#whole.add(inode)
    return [...partly]
  }

  #searchFor(socket: Found): Search {
    const { namespace: inode } = socket
    return { ...this.#question(inode, requestFor(socket)), inode, key: keyOf(socket), before: socket }
  }

  /** Of sockets of which no more is known than their two ends, but for those that are told already. */
  #searchesIn(inodes: readonly number[], live: readonly Ends[], told: ReadonlySet<string>): Search[] {
    return inodes.flatMap(inode => {
      const listed = [...live, ...endsFromProc(this.#namespaces.processIn(inode))]
      const wanted = new Map(listed.map(({ local, remote }) => [endsOf({ local, remote }), { local, remote }]))
      return [...wanted]
        .filter(([ends]) => !told.has(ends))
        .map(([ends, { local, remote }]) => ({
          ...this.#question(inode, requestFor({ cookie: null, local, remote, device: 0 })),
          ...{ inode, key: `${inode}|${ends}`, before: null },
        }))
    })
  }

  #question(inode: number, request: Uint8Array): Question {
    const namespace = inode === this.#namespaces.own ? null : this.#namespaces.fileOf(inode)
    return { namespace, protocol: NETLINK_SOCK_DIAG, request }
  }

  /** What was told, and what became of each question; what holds up who asks is left alone until it does no more. */
  async #ask<T extends Asked>(all: readonly T[], limit: number): Promise<[Found[], Map<T, Outcome | undefined>]> {
    // those of the own namespace come first
    const questions = all.toSorted((a, b) => Number(a.namespace !== null) - Number(b.namespace !== null))
    const told: Found[] = []
    const take = (index: number, datagram: DataView): void => {
      const namespace = questions[index]?.inode ?? this.#namespaces.own
      for (const socket of socketsIn(datagram)) told.push({ ...socket, namespace, busy: false })
    }
    const onHeld = (index: number, isHeld: boolean): void => {
      const key = questions[index]?.key
      if (key === undefined) return
      if (isHeld) this.#held.add(key)
      else this.#held.delete(key)
    }
    const outcomes = await this.#asker.ask(questions, limit, take, onHeld)
    return [told, new Map(questions.map((question, i) => [question, outcomes[i]]))]
  }
}
