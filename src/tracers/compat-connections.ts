import type { BpfObject } from '../bpf/object.ts'
import { LISTEN } from './compat-diag.ts'
import { Diags, type Found, keyOf } from './compat-diags.ts'
import { CompatLoss } from './compat-loss.ts'
import { SocketOwners } from './compat-owners.ts'
import { CompatRecords } from './compat-records.ts'
import { endsOf, type TracedSocket, TracedSockets } from './compat-sockets.ts'
import { addLosses, type Losses } from './loss.ts'
import type { NetworkNamespaces } from './namespaces.ts'
import { type ConnectionRecord, type ConnectionRecords, ListOfSockets } from './socket-record.ts'

/** Numbers in enum tcp_state. */
const SYN_SENT = 2
const SYN_RECV = 3

/** Samples that the end of a connection waits for its last counters, which the kernel tells when the file is closed. */
const PATIENCE = 2
/** Connections whose last counters are waited for after that. */
const MAX_LATE = 4096

/** A connection that closed and whose last counters are not known yet. */
interface Ending {
  readonly socket: TracedSocket
  waited: number
}

/**
 * TCP connections in compatible mode: their changes of state from a tracepoint, their counters from inet_diag, both while
 * they are open and when they are destroyed.
 */
export class CompatConnections {
  readonly source: string
  /** Nothing to prepare: what was read was taken out. */
  readonly closed = { prepare(): void {} }
  readonly #control: { readonly epoch: number }
  readonly #namespaces: NetworkNamespaces
  /** null: there is no tracepoint, and connections are seen only while they are open. */
  readonly #traced: TracedSockets | null
  readonly #loss: CompatLoss | null
  readonly #owners = new SocketOwners()
  readonly #diags: Diags
  readonly #records = new CompatRecords(this.#owners)
  #found: Found[] = []
  /** Sockets that the last look found, though nothing had told of them. */
  #strangers = new Set<string>()
  #live = new Map<string, TracedSocket>()
  #ending: Ending[] = []
  /** Connections whose end was told without their last counters, by their two ends. */
  readonly #late = new Map<string, ConnectionRecord>()
  #destroyed: { readonly socket: Found; waited: number }[] = []
  #lost = 0

  /** `object` null: without the tracepoint. Throws where there is no inet_diag. */
  constructor(object: BpfObject | null, control: { readonly epoch: number }, namespaces: NetworkNamespaces) {
    this.#control = control
    this.#namespaces = namespaces
    this.source = object === null ? 'inet_diag' : 'inet_diag+tp:inet_sock_set_state'
    this.#traced = object === null ? null : new TracedSockets(object)
    this.#loss = object === null ? null : new CompatLoss(object, 'lost_connections')
    this.#diags = new Diags(namespaces)
  }

  /** Asks for all sockets, and who has those open whose owner nothing told. */
  async walk(): Promise<void> {
    await this.#diags.search()
    this.#live = new Map(this.#traced?.live().map(socket => [endsOf(socket), socket]))
    // what the first look passes over would count as new at the second
    const isFirst = this.#control.epoch === 0
    const before = isFirst ? this.#diags.dump([], () => false) : this.#found
    const found = this.#diags.dump(before, socket => isFirst || this.#mayBeOpen(socket))
    this.#found = isFirst ? found : this.#leaveStrangers(found)
    const orphans = this.#found.filter(
      socket => socket.inode !== 0 && (this.#records.isLeft(socket) || !this.#tracedBy(socket)?.owner),
    )
    await this.#owners.search(new Set(orphans.map(({ inode }) => inode)))
    // what is there before the first interval is older than the tool
    if (isFirst) for (const socket of this.#found) this.#open(socket, true)
  }

  /** These processes have ended: what they held may have another holder. */
  ended(pids: readonly number[]): void {
    this.#records.leave(pids)
    this.#owners.forget(pids)
  }

  /** What the last walk found, connections and listening sockets. To be called once. */
  async readOpen(): Promise<ConnectionRecords> {
    return new ListOfSockets(this.#found.map(socket => this.#open(socket, false)))
  }

  /** What closed in an interval at rest. To be called once, after the open ones were read. */
  readClosed(epoch: number): ConnectionRecords {
    const closed = this.#takeClosed(epoch)
    const present = new Set([...this.#found, ...this.#destroyed.map(({ socket }) => socket)].map(keyOf))
    const waiting = new Set(this.#ending.map(({ socket }) => endsOf(socket)))
    this.#records.keep(present, waiting)
    // the oldest give way: in a namespace that cannot be entered the last counters never come
    for (const ends of this.#late.keys()) if (this.#late.size > MAX_LATE) this.#late.delete(ends)
    return new ListOfSockets(closed)
  }

  /** Connections of this interval that are in no record. */
  takeLost(): Losses {
    const lost = addLosses(this.#loss?.take() ?? {}, { dropped: this.#diags.takeDrops(), no_row: this.#lost })
    this.#lost = 0
    return lost
  }

  close(): void {
    this.#diags.close()
  }

  #open(socket: Found, older: boolean): ConnectionRecord {
    return this.#records.open(socket, this.#tracedBy(socket), older)
  }

  /**
   * Leaves out sockets of which nothing tells: most began after what lives was read, and who owns them is known at the next
   * look, or at their end. Those that are there again are older than the tool, or no row was left for them.
   */
  #leaveStrangers(found: readonly Found[]): Found[] {
    const isStranger = (socket: Found): boolean =>
      this.#traced !== null &&
      socket.state !== LISTEN &&
      this.#records.get(socket) === undefined &&
      this.#tracedBy(socket) === undefined
    const before = this.#strangers
    this.#strangers = new Set(found.filter(isStranger).map(keyOf))
    return found.filter(socket => !this.#strangers.has(keyOf(socket)) || before.has(keyOf(socket)))
  }

  /** Whether nothing told the end of a socket that was open: where many close, few are asked for. */
  #mayBeOpen(socket: Found): boolean {
    if (this.#traced === null || socket.state === LISTEN) return true
    return this.#tracedBy(socket) !== undefined || this.#records.get(socket)?.older === true
  }

  /** What the tracepoint told of a socket; when it began to connect, it may not have had a port yet. */
  #tracedBy(socket: Found): TracedSocket | undefined {
    const unbound = { ...socket, local: { ...socket.local, port: 0 } }
    return this.#live.get(endsOf(socket)) ?? (socket.state === SYN_SENT ? this.#live.get(endsOf(unbound)) : undefined)
  }

  /** Joins the ends that the tracepoint told with the last counters that inet_diag told. */
  #takeClosed(epoch: number): ConnectionRecord[] {
    for (const socket of this.#traced?.takeClosed(epoch) ?? []) this.#ending.push({ socket, waited: 0 })
    for (const socket of this.#diags.takeDestroyed()) this.#destroyed.push({ socket, waited: 0 })
    const records: ConnectionRecord[] = []
    const joined = new Set<Ending>()
    const ending = Map.groupBy(this.#ending, ({ socket }) => endsOf(socket))
    this.#destroyed = this.#destroyed.filter(({ socket: found, waited }, i) => {
      const known = this.#records.get(found)
      // one that was reset has forgotten its peer
      const socket = found.remote.port === 0 && known !== undefined ? { ...found, ...endsIn(known) } : found
      const match = takeEnd(ending.get(endsOf(socket)) ?? [], socket)
      if (match === undefined && this.#isTold(socket)) return false
      if (match !== undefined) {
        if (!isThrownAway(match)) records.push(this.#records.closed(socket, match.socket))
        joined.add(match)
        return false
      }
      // it closed after the end of this interval, or was no connection, or nothing told its end
      const entry = this.#destroyed[i]
      if (entry !== undefined) entry.waited++
      if (waited < PATIENCE && this.#traced !== null) return known !== undefined || socket.remote.port !== 0
      if (known !== undefined && known.state !== 'LISTEN') records.push(this.#records.closed(socket, null))
      return false
    })
    const knownBy = this.#records.byEnds()
    this.#ending = this.#ending.filter(entry => {
      if (joined.has(entry)) return false
      const known = knownBy.get(endsOf(entry.socket))
      // a connect that failed moved nothing; one whose counters never come keeps those that were seen
      const isOver = entry.socket.state === SYN_SENT || entry.waited++ >= PATIENCE
      if (isOver && !isThrownAway(entry)) {
        const record = this.#records.closedWithoutCounters(entry.socket, known, this.#namespaces.own)
        records.push(record)
        if (entry.socket.state === SYN_SENT) return false
        // of one that no sample has seen open nobody knows what it moved
        if (known === undefined) this.#lost++
        else this.#late.set(endsOf(entry.socket), record)
      }
      return !isOver
    })
    return records
  }

  /** Whether its end was told before its last counters came; what moved after the last look at it is lost. */
  #isTold(socket: Found): boolean {
    const told = this.#late.get(endsOf(socket))
    if (told === undefined) return false
    this.#late.delete(endsOf(socket))
    // one byte more is the peer's FIN
    if (socket.sentBytes > told.totalSentBytes || socket.receivedBytes > told.totalReceivedBytes + 1) this.#lost++
    return true
  }
}

/**
 * Whether a socket never was a connection: where packets of a handshake arrive on two processors at a time, each makes a
 * socket for it, and one of these is thrown away.
 */
function isThrownAway({ socket }: Ending): boolean {
  return socket.state === SYN_RECV
}

/** Takes the end of a destroyed socket out of those of sockets between the same ends; what is thrown away moved nothing. */
function takeEnd(endings: Ending[], { sentBytes, receivedBytes }: Found): Ending | undefined {
  const thrownAway = sentBytes + receivedBytes === 0 ? endings.findIndex(isThrownAway) : -1
  const index = thrownAway >= 0 ? thrownAway : endings.findIndex(ending => !isThrownAway(ending))
  return index >= 0 ? endings.splice(index, 1)[0] : undefined
}

/** The two ends of a connection as inet_diag tells them. */
function endsIn({ family, local, remote }: ConnectionRecord): Pick<Found, 'local' | 'remote'> {
  return { local: { ...local, family }, remote: { ...remote, family } }
}
