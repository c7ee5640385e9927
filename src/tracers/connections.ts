import { readText, readU64 } from '../bpf/layout.ts'
import type { ArrayMap, BpfObject } from '../bpf/object.ts'
import type { Endpoint, Family } from '../sample/sample.ts'
import { readAddress } from './address.ts'
import { Arena, copy } from './arena.ts'
import type { Control } from './control.ts'
import { Loss } from './loss.ts'

const NAME_LENGTH = 16
const ADDRESS_LENGTH = 16

/** Names of the kernel's enum (include/net/tcp_states.h), by their number. */
const STATES = [
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
  /** Of a connect that failed; 0: none, or the kernel did not say. */
  readonly errno: number
}

/** TCP connections and listening sockets. */
export class ConnectionTracer {
  readonly source = 'iter/tcp+tp_btf'
  readonly closed: Arena
  readonly #object: BpfObject
  readonly #control: Control
  readonly #open: ArrayMap
  readonly #state: ArrayMap
  readonly #openUsed: number
  readonly #loss: Loss
  readonly #at: ReturnType<typeof offsets>
  /** Connections whose owner was looked for once, in vain or not. */
  #searched = new Set<number>()
  #withoutRow = 0

  constructor(object: BpfObject, control: Control) {
    this.#object = object
    this.#control = control
    this.#open = object.array('open_connections', 'connection')
    this.#state = object.array('connection_state', 'connection_state')
    this.#openUsed = this.#state.layout.u32('open_used')
    this.#loss = new Loss(object, this.#state, ['lost_no_row', 'lost_no_socket'])
    this.closed = new Arena(object.array('closed_connections', 'connection'), this.#state, 'closed_used')
    this.#at = offsets(this.#open)
  }

  /** Walks over all sockets, and over all open files where a socket has no known owner yet. */
  async walk(): Promise<void> {
    this.#control.beginPass()
    this.#state.view.setUint32(this.#openUsed, 0, true)
    await this.#object.walk('walk_sockets')
    if (this.#newOrphans()) await this.#object.walk('walk_files')
  }

  /** What the last walk found, connections and listening sockets. */
  readOpen(): ConnectionRecord[] {
    const used = this.#state.view.getUint32(this.#openUsed, true)
    this.#withoutRow = Math.max(0, used - this.#open.entries)
    return this.#decode(copy(this.#open.view, 0, Math.min(used, this.#open.entries) * this.#open.layout.size))
  }

  /** What closed in an interval at rest. */
  readClosed(epoch: number): ConnectionRecord[] {
    return this.#decode(this.closed.read(epoch))
  }

  /** Connections of this interval that are in no record. */
  takeLost(): number {
    return this.#loss.take() + this.#withoutRow
  }

  /** Whether the last walk found sockets without an owner that were not looked for yet. */
  #newOrphans(): boolean {
    const used = Math.min(this.#state.view.getUint32(this.#openUsed, true), this.#open.entries)
    const orphans = new Set<number>()
    for (let i = 0; i < used; i++) {
      const row = i * this.#open.layout.size
      if (this.#open.view.getUint32(row + this.#at.owner, true) === 0) {
        orphans.add(readU64(this.#open.view, row + this.#at.id))
      }
    }
    const found = !orphans.isSubsetOf(this.#searched)
    this.#searched = orphans
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
    const connect = readU64(rows, row + at.connect)
    const ended = readU64(rows, row + at.ended)
    const direction = rows.getUint8(row + at.direction)
    return {
      id: readU64(rows, row + at.id),
      owner: rows.getUint32(row + at.owner, true),
      name: readText(rows, row + at.name, NAME_LENGTH),
      family: remote.family,
      direction: direction === 1 ? 'outbound' : direction === 2 ? 'inbound' : null,
      state: STATES[rows.getUint8(row + at.state)] ?? 'UNKNOWN',
      local: { address: local.address, port: rows.getUint16(row + at.localPort, true) },
      remote: { address: remote.address, port: rows.getUint16(row + at.remotePort, true) },
      sentBytes: readU64(rows, row + at.sent),
      receivedBytes: readU64(rows, row + at.received),
      totalSentBytes: readU64(rows, row + at.totalSent),
      totalReceivedBytes: readU64(rows, row + at.totalReceived),
      connectNs: connect === 0 ? null : connect,
      rttNs: rows.getUint32(row + at.rtt, true) * 1000,
      retransmits: rows.getUint32(row + at.retransmits, true),
      startedNs: readU64(rows, row + at.started),
      endedNs: ended === 0 ? null : ended,
      older: rows.getUint8(row + at.older) !== 0,
      errno: rows.getUint16(row + at.error, true),
    }
  }
}

function offsets({ layout }: ArrayMap) {
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
    local: layout.array('local', 1, ADDRESS_LENGTH),
    remote: layout.array('remote', 1, ADDRESS_LENGTH),
    name: layout.array('name', 1, NAME_LENGTH),
  }
}
