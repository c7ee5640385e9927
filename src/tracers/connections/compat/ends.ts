import { OF_LINK } from '../../network/address.ts'
import type { ConnectionRecord } from '../sockets/record.ts'
import { SYN_RECV } from './diag.ts'
import { type Diags, type Found, keyOf } from './dumps.ts'
import { type CompatRecords, wasInUse } from './records.ts'
import { endsOf, type TracedSocket, type TracedSockets } from './sockets.ts'

/** Samples that the end of a connection waits for its last counters, which the kernel tells when the file is closed. */
const PATIENCE = 2
/** Connections whose last counters are waited for after that. */
const MAX_LATE = 4096

/** A connection that closed and whose last counters are not known yet. */
interface Ending {
  readonly socket: TracedSocket
  waited: number
}

/** Ends of connections: those that the tracepoint told, joined with the last counters that inet_diag told. */
export class CompatEnds {
  readonly #traced: Pick<TracedSockets, 'takeClosed'> | null
  readonly #diags: Pick<Diags, 'takeDestroyed'>
  readonly #records: CompatRecords
  /** Network namespace of the ends of which only the tracepoint told. */
  readonly #namespace: number
  #ending: Ending[] = []
  #destroyed: { readonly socket: Found; waited: number }[] = []
  /** Connections whose end was told without their last counters, by their two ends. */
  readonly #late = new Map<string, ConnectionRecord>()
  #lost = 0

  /** `traced` null: there is no tracepoint. */
  constructor(
    traced: Pick<TracedSockets, 'takeClosed'> | null,
    diags: Pick<Diags, 'takeDestroyed'>,
    records: CompatRecords,
    namespace: number,
  ) {
    this.#traced = traced
    this.#diags = diags
    this.#records = records
    this.#namespace = namespace
  }

  /** Keys of the sockets that were destroyed and whose end is waited for. */
  get destroyed(): string[] {
    return this.#destroyed.map(({ socket }) => keyOf(socket))
  }

  /** The two ends of each connection whose last counters are waited for. */
  get waiting(): Set<string> {
    return new Set(this.#ending.map(({ socket }) => endsOf(socket)))
  }

  /** Ends whose last counters nobody knew since the last call. */
  takeLost(): number {
    const lost = this.#lost
    this.#lost = 0
    return lost
  }

  /** Takes those of an interval at rest, for `take` to tell. */
  collect(epoch: number): void {
    for (const socket of this.#traced?.takeClosed(epoch) ?? []) this.#ending.push({ socket, waited: 0 })
    this.collectDestroyed()
  }

  /** The kernel keeps few messages about sockets that were destroyed. */
  collectDestroyed(): void {
    for (const socket of this.#diags.takeDestroyed()) this.#destroyed.push({ socket, waited: 0 })
  }

  /** Those of an interval at rest, and of all before. To be called once, after the open ones were read. */
  take(epoch: number): ConnectionRecord[] {
    this.collect(epoch)
    const records: ConnectionRecord[] = []
    const joined = new Set<Ending>()
    const ending = Map.groupBy(this.#ending, ({ socket }) => endsOf(socket))
    const thrownAway = Map.groupBy(this.#ending.filter(isThrownAway), ({ socket }) => socket.local.port)
    this.#destroyed = this.#destroyed.filter(({ socket: found, waited }, i) => {
      const known = this.#records.get(found)
      if (found.remote.port === 0 && known === undefined) {
        // one by Fast Open, reset before its handshake was over: it has forgotten its peer, what it moved, maybe its address
        const reset = thrownAway.get(found.local.port)?.pop()
        if (reset !== undefined) {
          joined.add(reset)
          this.#lost++
        }
        return false
      }
      // one that was reset has forgotten its peer
      const socket = found.remote.port === 0 && known !== undefined ? { ...found, ...endsIn(known) } : found
      const match = takeEnd(ending.get(endsOf(socket)) ?? [], socket)
      if (match === undefined && this.#isTold(socket)) return false
      if (match !== undefined) {
        if (!isThrownAway(match) || wasInUse(socket, match.socket))
          records.push(this.#records.closed(socket, match.socket))
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
      const isFailed = !entry.socket.established && entry.socket.direction !== 'inbound'
      const isOver = (isFailed && !isOfLink(entry.socket)) || entry.waited++ >= PATIENCE
      if (isOver && (known !== undefined || !isThrownAway(entry))) {
        const record = this.#records.closedWithoutCounters(entry.socket, known, this.#namespace)
        records.push(record)
        if (isFailed) return false
        // of one that no sample has seen open nobody knows what it moved
        if (known === undefined) this.#lost++
        else this.#late.set(endsOf(entry.socket), record)
      }
      return !isOver
    })
    // the oldest give way: in a namespace that cannot be entered the last counters never come
    for (const ends of this.#late.keys()) if (this.#late.size > MAX_LATE) this.#late.delete(ends)
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
  return socket.state === SYN_RECV && socket.direction !== 'outbound'
}

/** Whether its addresses are of a link: of which one inet_diag tells alone. */
function isOfLink({ remote }: TracedSocket): boolean {
  return OF_LINK.test(remote.address)
}

/** Takes the end of a destroyed socket out of those of sockets between the same ends; what is thrown away moved nothing. */
function takeEnd(endings: Ending[], { sentBytes, receivedBytes }: Found): Ending | undefined {
  const thrownAway = sentBytes + receivedBytes === 0 ? endings.findIndex(isThrownAway) : -1
  const other = endings.findIndex(ending => !isThrownAway(ending))
  const index = thrownAway >= 0 ? thrownAway : other >= 0 ? other : endings.length - 1
  return index >= 0 ? endings.splice(index, 1)[0] : undefined
}

/** The two ends of a connection as inet_diag tells them. */
function endsIn({ family, local, remote }: ConnectionRecord): Pick<Found, 'local' | 'remote'> {
  return { local: { ...local, family }, remote: { ...remote, family } }
}
