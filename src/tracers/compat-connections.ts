import type { BpfObject } from '../bpf/object.ts'
import { Diag, type DiagSocket, LISTEN } from './compat-diag.ts'
import { CompatLoss } from './compat-loss.ts'
import { SocketOwners } from './compat-owners.ts'
import { endsOf, type TracedSocket, TracedSockets } from './compat-sockets.ts'
import { type ConnectionRecord, STATES } from './connections.ts'
import { addLosses, type Losses } from './loss.ts'
import type { NetworkNamespaces } from './namespaces.ts'

/** Number in enum tcp_state. */
const SYN_SENT = 2

/** States that a socket is in only once the peer's FIN has arrived, which the kernel counts as a received byte. */
const AFTER_FIN: ReadonlySet<string> = new Set(['CLOSE_WAIT', 'LAST_ACK', 'CLOSING'])

/** Samples that the end of a connection waits for its last counters, which the kernel tells when the file is closed. */
const PATIENCE = 2
/** Connections whose last counters are waited for after that. */
const MAX_LATE = 4096

interface Found extends DiagSocket {
  readonly namespace: number
}

/** A connection that closed and whose last counters are not known yet. */
interface Ending {
  readonly socket: TracedSocket
  waited: number
}

interface Collected {
  readonly epoch: number
  readonly open: ConnectionRecord[]
  readonly closed: ConnectionRecord[]
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
  readonly #diags = new Map<number, Diag>()
  #found: Found[] = []
  #live = new Map<string, TracedSocket>()
  /** The last record of each open connection, by namespace and cookie. */
  #known = new Map<string, ConnectionRecord>()
  #ending: Ending[] = []
  /** Connections whose end was told without their last counters, by their two ends. */
  readonly #late = new Map<string, ConnectionRecord>()
  #destroyed: { readonly socket: Found; waited: number }[] = []
  #collected: Collected | null = null
  #lastId = 0
  #lost = 0

  /** `object` null: without the tracepoint. Throws where there is no inet_diag. */
  constructor(object: BpfObject | null, control: { readonly epoch: number }, namespaces: NetworkNamespaces) {
    this.#control = control
    this.#namespaces = namespaces
    this.source = object === null ? 'inet_diag' : 'inet_diag+tp:inet_sock_set_state'
    this.#traced = object === null ? null : new TracedSockets(object)
    this.#loss = object === null ? null : new CompatLoss(object, 'lost_connections')
    this.#diags.set(namespaces.own, new Diag())
  }

  /** Asks for all sockets, and who has those open whose owner nothing told. */
  async walk(): Promise<void> {
    await this.#openDiags()
    this.#live = new Map(this.#traced?.live().map(socket => [endsOf(socket), socket]))
    this.#found = [...this.#diags].flatMap(([namespace, diag]) => diag.dump().map(socket => ({ ...socket, namespace })))
    const orphans = this.#found.filter(socket => socket.inode !== 0 && !this.#tracedBy(socket)?.owner)
    await this.#owners.search(new Set(orphans.map(({ inode }) => inode)))
    // what is there before the first interval is older than the tool
    if (this.#control.epoch === 0) for (const socket of this.#found) this.#remember(socket, true)
  }

  /** What the last walk found, connections and listening sockets. */
  readOpen(): ConnectionRecord[] {
    return this.collect(this.#control.epoch - 1).open
  }

  /** What closed in an interval at rest. */
  readClosed(epoch: number): ConnectionRecord[] {
    return this.collect(epoch).closed
  }

  /** Both of an interval at rest. */
  collect(epoch: number): Collected {
    if (this.#collected?.epoch === epoch) return this.#collected
    const open = this.#found.map(socket => this.#remember(socket, false))
    const closed = this.#takeClosed(epoch)
    const present = new Set([...this.#found, ...this.#destroyed.map(({ socket }) => socket)].map(keyOf))
    const waiting = new Set(this.#ending.map(({ socket }) => endsOf(socket)))
    this.#known = new Map([...this.#known].filter(([key, record]) => present.has(key) || waiting.has(endsOf(record))))
    // the oldest give way: in a namespace that cannot be entered the last counters never come
    for (const ends of this.#late.keys()) if (this.#late.size > MAX_LATE) this.#late.delete(ends)
    this.#collected = { epoch, open, closed }
    return this.#collected
  }

  /** Connections of this interval that are in no record. */
  takeLost(): Losses {
    const dropped = [...this.#diags.values()].reduce((sum, diag) => sum + diag.takeDrops(), 0)
    const lost = addLosses(this.#loss?.take() ?? {}, { dropped, no_row: this.#lost })
    this.#lost = 0
    return lost
  }

  close(): void {
    for (const diag of this.#diags.values()) diag.close()
  }

  /** One for each network namespace that can be entered. */
  async #openDiags(): Promise<void> {
    await this.#namespaces.search()
    const others = this.#namespaces.others
    for (const inode of others) {
      if (!this.#diags.has(inode))
        this.#diags.set(
          inode,
          this.#namespaces.within(inode, () => new Diag()),
        )
    }
    for (const [inode, diag] of this.#diags) {
      if (inode === this.#namespaces.own || others.includes(inode)) continue
      diag.close()
      this.#diags.delete(inode)
    }
  }

  /** The record of an open socket, from which the next one counts on. */
  #remember(socket: Found, older: boolean): ConnectionRecord {
    const traced = this.#tracedBy(socket)
    const record = this.#record(
      socket,
      traced,
      received(socket, AFTER_FIN.has(STATES[socket.state] ?? 'UNKNOWN')),
      older,
    )
    this.#known.set(keyOf(socket), record)
    return record
  }

  /** What the tracepoint told of a socket; when it began to connect, it may not have had a port yet. */
  #tracedBy(socket: Found): TracedSocket | undefined {
    const unbound = { ...socket, local: { ...socket.local, port: 0 } }
    return this.#live.get(endsOf(socket)) ?? (socket.state === SYN_SENT ? this.#live.get(endsOf(unbound)) : undefined)
  }

  #record(socket: Found, traced: TracedSocket | undefined, receivedBytes: number, older: boolean): ConnectionRecord {
    const before = this.#known.get(keyOf(socket))
    const isListener = socket.state === LISTEN
    const holder = this.#owners.get(socket.inode)
    const direction = traced?.direction ?? before?.direction ?? null
    const isNew = before === undefined && !older && !isListener
    // a socket that was reset has cleared its counters: what was seen stays
    const isCleared = socket.sentBytes === 0 && receivedBytes === 0 && before !== undefined
    const totalSentBytes = isCleared ? before.totalSentBytes : socket.sentBytes
    // a FIN that came between the state and the counters was taken for a byte: the next record takes it off again
    const totalReceivedBytes = isCleared ? before.totalReceivedBytes : receivedBytes
    const base = older ? { totalSentBytes, totalReceivedBytes } : before
    return {
      id: before?.id ?? ++this.#lastId,
      owner: traced?.owner || holder?.pid || before?.owner || 0,
      name: (traced?.owner ? traced.name : (holder?.name ?? before?.name)) ?? '',
      family: socket.remote.family,
      direction,
      state: STATES[socket.state] ?? 'UNKNOWN',
      local: { address: socket.local.address, port: socket.local.port },
      remote: { address: socket.remote.address, port: socket.remote.port },
      sentBytes: totalSentBytes - (base?.totalSentBytes ?? 0),
      receivedBytes: totalReceivedBytes - (base?.totalReceivedBytes ?? 0),
      totalSentBytes,
      totalReceivedBytes,
      connectNs: traced?.connectNs ?? before?.connectNs ?? null,
      rttNs: socket.rttNs,
      retransmits: socket.retransmits,
      startedNs: traced?.startedNs || before?.startedNs || Number(process.hrtime.bigint()),
      endedNs: null,
      older: before?.older ?? older,
      opened: isNew,
      accepted: isNew && direction === 'inbound',
      handshakeNs: null,
      establishedNs: null,
      acceptedNs: null,
      rttMinNs: socket.minRttNs,
      segments: socket.segments,
      closer: traced?.closer ?? null,
      reset: null,
      backlog: isListener ? socket.receiveQueue : 0,
      backlogLimit: isListener ? socket.sendQueue : 0,
      drops: 0,
      namespace: socket.namespace,
      errno: 0,
    }
  }

  /** Joins the ends that the tracepoint told with the last counters that inet_diag told. */
  #takeClosed(epoch: number): ConnectionRecord[] {
    for (const socket of this.#traced?.takeClosed(epoch) ?? []) this.#ending.push({ socket, waited: 0 })
    for (const [namespace, diag] of this.#diags) {
      for (const socket of diag.takeDestroyed()) this.#destroyed.push({ socket: { ...socket, namespace }, waited: 0 })
    }
    const records: ConnectionRecord[] = []
    const joined = new Set<Ending>()
    const ending = Map.groupBy(this.#ending, ({ socket }) => endsOf(socket))
    this.#destroyed = this.#destroyed.filter(({ socket, waited }, i) => {
      const match = ending.get(endsOf(socket))?.shift()
      const known = this.#known.get(keyOf(socket))
      if (match === undefined && this.#isTold(socket)) return false
      if (match !== undefined) {
        records.push(this.#last(socket, match.socket))
        joined.add(match)
        return false
      }
      // it closed after the end of this interval, or was no connection, or nothing told its end
      const entry = this.#destroyed[i]
      if (entry !== undefined) entry.waited++
      if (waited < PATIENCE && this.#traced !== null) return known !== undefined || socket.remote.port !== 0
      if (known !== undefined && known.state !== 'LISTEN') records.push(this.#last(socket, null))
      return false
    })
    const knownBy = new Map([...this.#known.values()].map(record => [endsOf(record), record]))
    this.#ending = this.#ending.filter(entry => {
      if (joined.has(entry)) return false
      const known = knownBy.get(endsOf(entry.socket))
      // a connect that failed moved nothing; one whose counters never come keeps those that were seen
      const isOver = entry.socket.state === SYN_SENT || entry.waited++ >= PATIENCE
      if (isOver) {
        const record = this.#withoutCounters(entry.socket, known)
        if (entry.socket.state !== SYN_SENT) this.#late.set(endsOf(entry.socket), record)
        records.push(record)
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

  /** The last record of a connection whose last counters are known. */
  #last(socket: Found, traced: TracedSocket | null): ConnectionRecord {
    const known = this.#known.get(keyOf(socket))
    const state = STATES[traced?.state ?? -1] ?? known?.state ?? 'UNKNOWN'
    // in FIN_WAIT2 nobody reads any more: an unread byte is the FIN
    const fin = AFTER_FIN.has(state) || (state === 'FIN_WAIT2' && socket.receiveQueue > 0)
    const isOlder = traced?.startedNs === 0 && known === undefined
    const record = this.#record(socket, traced ?? undefined, received(socket, fin), isOlder)
    this.#known.delete(keyOf(socket))
    return { ...record, state, endedNs: traced?.endedNs ?? Number(process.hrtime.bigint()) }
  }

  #withoutCounters(traced: TracedSocket, known: ConnectionRecord | undefined): ConnectionRecord {
    const nothing = {
      sentBytes: 0,
      receivedBytes: 0,
      inode: 0,
      receiveQueue: 0,
      sendQueue: 0,
      rttNs: 0,
      minRttNs: null,
    }
    const socket: Found = {
      ...nothing,
      ...{ cookie: 0, state: traced.state, retransmits: 0, segments: 0 },
      ...{ local: traced.local, remote: traced.remote, namespace: known?.namespace ?? this.#namespaces.own },
    }
    const record = known ?? this.#record(socket, traced, 0, traced.startedNs === 0)
    const ended = { state: STATES[traced.state] ?? 'UNKNOWN', endedNs: traced.endedNs, sentBytes: 0, receivedBytes: 0 }
    return { ...record, ...ended, opened: known === undefined && record.opened, accepted: false }
  }
}

function keyOf({ namespace, cookie }: Found): string {
  return `${namespace}:${cookie}`
}

/** Payload bytes; the kernel's counter takes the peer's FIN for a byte. */
function received({ receivedBytes }: DiagSocket, fin: boolean): number {
  return fin && receivedBytes > 0 ? receivedBytes - 1 : receivedBytes
}
