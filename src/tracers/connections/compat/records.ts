import { type ConnectionRecord, STATES } from '../sockets/record.ts'
import { type DiagSocket, LISTEN, SYN_RECV, SYN_SENT } from './diag.ts'
import { type Found, keyOf } from './dumps.ts'
import { isKernelThread, type SocketOwners } from './owners.ts'
import { endsOf, type TracedSocket } from './sockets.ts'

/** States that a socket is in only once the peer's FIN has arrived, which the kernel counts as a received byte. */
const AFTER_FIN: ReadonlySet<string> = new Set(['CLOSE_WAIT', 'LAST_ACK', 'CLOSING'])

/** The last record of each connection that is open, from which the next one counts on. */
export class CompatRecords {
  readonly #owners: Pick<SocketOwners, 'get'>
  #known = new Map<string, ConnectionRecord>()
  /** What listening sockets had dropped when they were last seen. */
  #drops = new Map<string, number>()
  #lastId = 0
  /** Whether a process is a thread of the kernel, for those that were asked for since the last `keep`. */
  #isKernel = new Map<number, boolean>()

  constructor(owners: Pick<SocketOwners, 'get'>) {
    this.#owners = owners
  }

  /** The last record of a socket. */
  get(socket: Found): ConnectionRecord | undefined {
    return this.#known.get(keyOf(socket))
  }

  /** The last records by the two ends of their connections. */
  byEnds(): Map<string, ConnectionRecord> {
    return new Map([...this.#known.values()].map(record => [endsOf(record), record]))
  }

  /** Forgets all but those of these sockets, and of connections between these ends. */
  keep(sockets: ReadonlySet<string>, ends: ReadonlySet<string>): void {
    this.#known = new Map([...this.#known].filter(([key, record]) => sockets.has(key) || ends.has(endsOf(record))))
    this.#drops = new Map([...this.#drops].filter(([key]) => this.#known.has(key)))
    this.#isKernel = new Map()
  }

  /** The record of an open socket. */
  open(socket: Found, traced: TracedSocket | undefined, older: boolean): ConnectionRecord {
    const fin = AFTER_FIN.has(STATES[socket.state] ?? 'UNKNOWN')
    const record = this.#record(socket, traced, received(socket, fin), older)
    this.#known.set(keyOf(socket), record)
    return record
  }

  /** The last record of a connection whose last counters are known. */
  closed(socket: Found, traced: TracedSocket | null): ConnectionRecord {
    const known = this.get(socket)
    const state = STATES[traced?.state ?? -1] ?? known?.state ?? 'UNKNOWN'
    // in FIN_WAIT2 nobody reads any more: an unread byte is the FIN
    const fin = AFTER_FIN.has(state) || (state === 'FIN_WAIT2' && socket.receiveQueue > 0)
    const isOlder = traced?.startedNs === 0 && known === undefined
    const record = this.#record(socket, traced ?? undefined, received(socket, fin), isOlder)
    this.#known.delete(keyOf(socket))
    const established = (traced ?? known)?.established || wasInUse(socket, traced)
    return { ...record, state, established, endedNs: traced?.endedNs ?? Number(process.hrtime.bigint()) }
  }

  /** The last record of a connection whose last counters nobody told: with those that were seen, if any were. */
  closedWithoutCounters(
    traced: TracedSocket,
    known: ConnectionRecord | undefined,
    namespace: number,
  ): ConnectionRecord {
    const nothing = {
      sentBytes: 0,
      receivedBytes: 0,
      drops: 0,
      inode: 0,
      receiveQueue: 0,
      sendQueue: 0,
      device: 0,
      onlyV6: false,
      mptcp: false,
      rttNs: 0,
      minRttNs: null,
      retransmittedBytes: 0,
      isFastOpen: false,
    }
    const socket: Found = {
      ...nothing,
      busy: false,
      ...{ cookie: 0, state: traced.state, retransmits: 0, segments: 0 },
      ...{ local: traced.local, remote: traced.remote, namespace: known?.namespace ?? namespace },
    }
    const record = known ?? this.#record(socket, traced, 0, traced.startedNs === 0)
    const established = traced.established || record.established
    const ended = { state: STATES[traced.state] ?? 'UNKNOWN', established, endedNs: traced.endedNs }
    return {
      ...record,
      ...ended,
      sentBytes: 0,
      receivedBytes: 0,
      drops: 0,
      opened: known === undefined && record.opened,
    }
  }

  /** Who connected, or closed a connection that others began; null: not known, or a thread of the kernel that closed it. */
  #user({ direction, owner, name }: TracedSocket): { readonly pid: number; readonly name: string } | null {
    if (owner === 0) return null
    if (direction === 'outbound') return { pid: owner, name }
    let isKernel = this.#isKernel.get(owner)
    if (isKernel === undefined) {
      isKernel = isKernelThread(owner)
      this.#isKernel.set(owner, isKernel)
    }
    return isKernel ? null : { pid: owner, name }
  }

  #record(socket: Found, traced: TracedSocket | undefined, receivedBytes: number, older: boolean): ConnectionRecord {
    const before = this.get(socket)
    // it could not be asked for: what it moved is in the next record
    if (socket.busy && before !== undefined) {
      return { ...before, sentBytes: 0, receivedBytes: 0, drops: 0, opened: false, busy: true }
    }
    const isListener = socket.state === LISTEN
    // where nobody has it open any more, the last one that had
    const had = before?.owner ? { pid: before.owner, name: before.name } : null
    const owner = this.#owners.get(socket.inode) ?? had ?? (traced === undefined ? null : this.#user(traced))
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
      listener: 0,
      owner: owner?.pid ?? 0,
      ownerStartedNs: 0,
      name: owner?.name ?? '',
      family: socket.remote.family,
      direction,
      state: STATES[socket.state] ?? 'UNKNOWN',
      established: traced?.established ?? (socket.state !== SYN_SENT && socket.state !== SYN_RECV),
      local: { address: socket.local.address, port: socket.local.port },
      remote: { address: socket.remote.address, port: socket.remote.port },
      sentBytes: totalSentBytes - (base?.totalSentBytes ?? 0),
      receivedBytes: totalReceivedBytes - (base?.totalReceivedBytes ?? 0),
      totalSentBytes,
      totalReceivedBytes,
      // when its SYN went out nothing tells
      connectNs: socket.isFastOpen ? null : (traced?.connectNs ?? before?.connectNs ?? null),
      rttNs: socket.rttNs,
      retransmits: socket.retransmits,
      retransmittedBytes: isCleared ? before.retransmittedBytes : socket.retransmittedBytes,
      startedNs: traced?.startedNs || before?.startedNs || Number(process.hrtime.bigint()),
      endedNs: null,
      older: before?.older ?? older,
      opened: isNew,
      // what has a file may have got it in any interval, and what is gone may never have had one
      accepted: null,
      handshakeNs: null,
      establishedNs: null,
      acceptedNs: null,
      rttMinNs: socket.minRttNs,
      segments: socket.segments,
      closer: traced?.closer ?? null,
      reset: null,
      receiveQueue: socket.receiveQueue,
      sendQueue: socket.sendQueue,
      zeroWindow: null,
      busy: false,
      timeWait: false,
      mptcp: socket.mptcp,
      drops: isListener ? this.#newDrops(socket, older) : 0,
      totalDrops: socket.drops,
      namespace: socket.namespace,
      device: socket.device,
      onlyV6: socket.onlyV6,
      errno: 0,
    }
  }

  /** What a listening socket dropped since it was last seen; of one older than the tool, since the first look. */
  #newDrops(socket: Found, older: boolean): number {
    const before = this.#drops.get(keyOf(socket)) ?? (older ? socket.drops : 0)
    this.#drops.set(keyOf(socket), socket.drops)
    // the kernel's counter has 32 bits
    return (socket.drops - before) >>> 0
  }
}

/**
 * Whether a socket was more than an attempt, though it was not seen to be established: by Fast Open a server moves bytes
 * before its handshake is over. Nor does everything show where there is no tracepoint.
 */
export function wasInUse(socket: DiagSocket, traced: TracedSocket | null): boolean {
  if (traced === null) return socket.receivedBytes > 0 || socket.rttNs > 0
  return traced.direction === 'inbound' && socket.sentBytes + socket.receivedBytes > 0
}

/** Payload bytes; the kernel's counter takes the peer's FIN for a byte. */
function received({ receivedBytes }: DiagSocket, fin: boolean): number {
  return fin && receivedBytes > 0 ? receivedBytes - 1 : receivedBytes
}
