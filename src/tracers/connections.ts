import { readText, readU64 } from '../bpf/layout.ts'
import type { ArrayMap, BpfObject, RowMap } from '../bpf/object.ts'
import type { Endpoint, Family } from '../sample/sample.ts'
import { readAddress } from './address.ts'
import { Arena } from './arena.ts'
import type { Control } from './control.ts'
import { addLosses, Loss, type Losses } from './loss.ts'
import type { NetworkNamespaces } from './namespaces.ts'

const NAME_LENGTH = 16
const ADDRESS_LENGTH = 16

/** Names of the kernel's enum (include/net/tcp_states.h), by their number. */
export const STATES = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
] as const

/** The enums of bpf/connection.bpf.h, by their number; 0 is none of them. */
const DIRECTIONS = [null, 'outbound', 'inbound'] as const
const CLOSERS = [null, 'local', 'remote'] as const
const RESETS = [null, 'sent', 'received'] as const

/** The same name in bpf/connection.bpf.h. */
const NAMESPACE_PLACES = 64

/** NO_RTT of bpf/connection.bpf.h. */
const NO_RTT = 0xffffffff

/** A TCP socket at the end of an interval, or at its own end; bytes are payload. */
export interface ConnectionRecord {
  readonly id: number
  /** 0: nobody is known to hold it. */
  readonly owner: number
  readonly name: string
  readonly family: Family
  /** null: it is older than the tool. */
  readonly direction: 'inbound' | 'outbound' | null
  readonly state: (typeof STATES)[number]
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Since the last record of this connection. */
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly totalSentBytes: number
  readonly totalReceivedBytes: number
  /** null: not known, or not ours to measure. */
  readonly connectNs: number | null
  readonly rttNs: number
  readonly retransmits: number
  /** On the monotonic clock. */
  readonly startedNs: number
  readonly endedNs: number | null
  readonly older: boolean
  /** No record before this one had it, or had it as accepted. */
  readonly opened: boolean
  readonly accepted: boolean | null
  /** Inbound only; null: not known. */
  readonly handshakeNs: number | null
  /** On the monotonic clock, inbound only; null: not seen. */
  readonly establishedNs: number | null
  readonly acceptedNs: number | null
  readonly rttMinNs: number | null
  readonly segments: number
  readonly closer: 'local' | 'remote' | null
  readonly reset: 'sent' | 'received' | null
  /** Of a listening socket: connections that wait, how many may, and what it dropped since the last walk. */
  readonly backlog: number
  readonly backlogLimit: number
  readonly drops: number
  /** Inode of its network namespace. */
  readonly namespace: number
  /** Of a connect that failed; 0: none, or the kernel did not say. */
  readonly errno: number
}

/** TCP connections and listening sockets. */
export class ConnectionTracer {
  readonly source = 'iter/tcp+tp_btf'
  readonly closed: Arena
  readonly #object: BpfObject
  readonly #control: Control
  readonly #open: RowMap
  readonly #state: ArrayMap
  readonly #openUsed: number
  readonly #namespacesAt: number
  readonly #namespacePidsAt: number
  readonly #loss: Loss
  readonly #at: ReturnType<typeof offsets>
  readonly #namespaces: NetworkNamespaces
  readonly #endedOwners: DataView
  /** Processes that ended since the last walk. */
  #ended: readonly number[] = []
  /** Connections whose owner was looked for once, in vain or not. */
  #searched = new Set<number>()
  #withoutRow = 0
  /** Rows of the last walk. */
  #walked: DataView = new DataView(new ArrayBuffer(0))

  constructor(object: BpfObject, control: Control, namespaces: NetworkNamespaces) {
    this.#namespaces = namespaces
    this.#object = object
    this.#control = control
    this.#open = object.rows('open_connections', 'connection')
    this.#endedOwners = object.bytes('ended_owners')
    this.#state = object.array('connection_state', 'connection_state')
    this.#openUsed = this.#state.layout.u32('open_used')
    this.#loss = new Loss(object, this.#state, { no_row: 'lost_no_row', no_memory: 'lost_no_socket' })
    const closed = object.rows('closed_connections', 'connection')
    const layout = this.#state.layout
    this.#namespacesAt = layout.array('namespaces', 4, NAMESPACE_PLACES)
    this.#namespacePidsAt = layout.array('namespace_pids', 4, NAMESPACE_PLACES)
    this.#state.view.setUint32(layout.u32('open_room'), this.#open.entries, true)
    this.#state.view.setUint32(layout.u32('closed_room'), closed.entries / 2, true)
    this.closed = new Arena(closed, this.#state, 'closed_used')
    this.#at = offsets(this.#open)
  }

  /** Walks over all sockets, and over all open files where a socket has no known owner yet. */
  async walk(): Promise<void> {
    this.#control.beginPass()
    this.#state.view.setUint32(this.#openUsed, 0, true)
    for (let place = 0; place < NAMESPACE_PLACES; place++) {
      const inode = this.#state.view.getUint32(this.#namespacesAt + 4 * place, true)
      const pid = this.#state.view.getUint32(this.#namespacePidsAt + 4 * place, true)
      if (inode !== 0) this.#namespaces.consider(inode, pid)
    }
    await this.#namespaces.search()
    await this.#object.walk('walk_sockets')
    for (const inode of this.#namespaces.others) {
      await this.#object.walk('walk_sockets', open => this.#namespaces.within(inode, open))
    }
    this.#walked = this.#readOpen()
    const ended = this.#ended
    this.#ended = []
    if (!this.#newOrphans(new Set(ended))) return
    for (const pid of ended) setBit(this.#endedOwners, pid, true)
    await this.#object.walk('walk_files')
    for (const pid of ended) setBit(this.#endedOwners, pid, false)
    this.#walked = this.#readOpen()
  }

  /** These processes have ended: what they held may have another holder. */
  ended(pids: readonly number[]): void {
    this.#ended = [...this.#ended, ...pids]
  }

  /** What the last walk found, connections and listening sockets. */
  readOpen(): ConnectionRecord[] {
    return this.#decode(this.#walked)
  }

  /** What closed in an interval at rest. */
  readClosed(epoch: number): ConnectionRecord[] {
    return this.#decode(this.closed.read(epoch))
  }

  /** Connections of this interval that are in no record. */
  takeLost(): Losses {
    return addLosses(this.#loss.take(), { no_row: this.#withoutRow })
  }

  #readOpen(): DataView {
    const used = this.#state.view.getUint32(this.#openUsed, true)
    this.#withoutRow = Math.max(0, used - this.#open.entries)
    return this.#open.read(0, Math.min(used, this.#open.entries))
  }

  /** Whether the last walk found sockets that are held, but not by a known process that lives, and were not looked for yet. */
  #newOrphans(ended: ReadonlySet<number>): boolean {
    const rows = this.#walked
    const unknown = new Set<number>()
    let found = false
    for (let row = 0; row < rows.byteLength; row += this.#open.layout.size) {
      // what waits to be accepted is nobody's yet, what was closed is nobody's any more
      if (rows.getUint8(row + this.#at.held) === 0) continue
      const owner = rows.getUint32(row + this.#at.owner, true)
      if (owner === 0) unknown.add(readU64(rows, row + this.#at.id))
      else found ||= ended.has(owner)
    }
    found ||= !unknown.isSubsetOf(this.#searched)
    this.#searched = unknown
    return found
  }

  #decode(rows: DataView): ConnectionRecord[] {
    const records: ConnectionRecord[] = []
    for (let at = 0; at < rows.byteLength; at += this.#open.layout.size) records.push(this.#record(rows, at))
    return records
  }

  #record(rows: DataView, row: number): ConnectionRecord {
    const at = this.#at
    const kernelFamily = rows.getUint16(row + at.family, true)
    const local = readAddress(rows, row + at.local, kernelFamily)
    const remote = readAddress(rows, row + at.remote, kernelFamily)
    const rttMin = rows.getUint32(row + at.rttMin, true)
    return {
      id: readU64(rows, row + at.id),
      owner: rows.getUint32(row + at.owner, true),
      name: readText(rows, row + at.name, NAME_LENGTH),
      family: remote.family,
      direction: DIRECTIONS[rows.getUint8(row + at.direction)] ?? null,
      state: STATES[rows.getUint8(row + at.state)] ?? 'UNKNOWN',
      local: { address: local.address, port: rows.getUint16(row + at.localPort, true) },
      remote: { address: remote.address, port: rows.getUint16(row + at.remotePort, true) },
      sentBytes: readU64(rows, row + at.sent),
      receivedBytes: readU64(rows, row + at.received),
      totalSentBytes: readU64(rows, row + at.totalSent),
      totalReceivedBytes: readU64(rows, row + at.totalReceived),
      connectNs: known(readU64(rows, row + at.connect)),
      rttNs: rows.getUint32(row + at.rtt, true) * 1000,
      retransmits: rows.getUint32(row + at.retransmits, true),
      startedNs: readU64(rows, row + at.started),
      endedNs: known(readU64(rows, row + at.ended)),
      older: rows.getUint8(row + at.older) !== 0,
      opened: rows.getUint8(row + at.opened) !== 0,
      accepted: rows.getUint8(row + at.acceptedNow) !== 0,
      handshakeNs: known(rows.getUint32(row + at.handshake, true) * 1000),
      establishedNs: known(readU64(rows, row + at.established)),
      acceptedNs: known(readU64(rows, row + at.accepted)),
      rttMinNs: rttMin === NO_RTT ? null : rttMin * 1000,
      segments: rows.getUint32(row + at.segments, true),
      closer: CLOSERS[rows.getUint8(row + at.closer)] ?? null,
      reset: RESETS[rows.getUint8(row + at.reset)] ?? null,
      backlog: rows.getUint32(row + at.backlog, true),
      backlogLimit: rows.getUint32(row + at.backlogLimit, true),
      drops: rows.getUint32(row + at.drops, true),
      namespace: rows.getUint32(row + at.namespace, true),
      errno: rows.getUint16(row + at.error, true),
    }
  }
}

/** Of a bitmap with one bit per process id. */
function setBit(bitmap: DataView, pid: number, on: boolean): void {
  const at = Math.floor(pid / 8)
  if (at >= bitmap.byteLength) return
  const bit = 1 << (pid % 8)
  const value = bitmap.getUint8(at)
  bitmap.setUint8(at, on ? value | bit : value & ~bit)
}

/** Zero stands for what is not known. */
function known(value: number): number | null {
  return value === 0 ? null : value
}

function offsets({ layout }: RowMap) {
  return {
    id: layout.u64('id'),
    started: layout.u64('started_ns'),
    ended: layout.u64('ended_ns'),
    connect: layout.u64('connect_ns'),
    sent: layout.u64('sent'),
    received: layout.u64('received'),
    totalSent: layout.u64('total_sent'),
    totalReceived: layout.u64('total_received'),
    rtt: layout.u32('rtt_us'),
    retransmits: layout.u32('retransmits'),
    owner: layout.u32('owner'),
    family: layout.u16('family'),
    localPort: layout.u16('local_port'),
    remotePort: layout.u16('remote_port'),
    state: layout.u8('state'),
    direction: layout.u8('direction'),
    older: layout.u8('older'),
    error: layout.u16('error'),
    opened: layout.u8('opened'),
    acceptedNow: layout.u8('accepted'),
    handshake: layout.u32('handshake_us'),
    established: layout.u64('established_ns'),
    accepted: layout.u64('accepted_ns'),
    rttMin: layout.u32('rtt_min_us'),
    segments: layout.u32('segments'),
    closer: layout.u8('closer'),
    reset: layout.u8('reset'),
    held: layout.u8('held'),
    backlog: layout.u32('backlog'),
    backlogLimit: layout.u32('backlog_limit'),
    drops: layout.u32('drops'),
    namespace: layout.u32('namespace'),
    local: layout.array('local', 1, ADDRESS_LENGTH),
    remote: layout.array('remote', 1, ADDRESS_LENGTH),
    name: layout.array('name', 1, NAME_LENGTH),
  }
}
