/** TCP sockets as the kernel side writes them in rows, `struct connection` of bpf/connection.bpf.h. */

import { readText, readU64, type StructLayout } from '../../bpf/btf/layout.ts'
import { familyOf, readAddress } from '../network/address.ts'
import type { Endpoint, Family } from './row.ts'
import { type ConnectionRecord, type ConnectionRecords, STATES } from './socket-record.ts'

const NAME_LENGTH = 16
const ADDRESS_LENGTH = 16

const LISTEN = STATES.indexOf('LISTEN')

/** The enums of bpf/connection.bpf.h, by their number; 0 is none of them. */
const DIRECTIONS = [null, 'outbound', 'inbound'] as const
const CLOSERS = [null, 'local', 'remote'] as const
const ZERO_WINDOWS = [null, 'local', 'remote', 'both'] as const
const RESETS = [null, 'sent', 'received'] as const

export type SocketOffsets = ReturnType<typeof socketOffsets>

/** Where the members of a row lie, and `NO_RTT`, which stands for no round-trip time. */
export function socketOffsets(layout: StructLayout, noRtt: number) {
  return {
    noRtt,
    size: layout.size,
    id: layout.u64('id'),
    listener: layout.u64('listener'),
    started: layout.u64('started_ns'),
    ended: layout.u64('ended_ns'),
    connect: layout.u64('connect_ns'),
    sent: layout.u64('sent'),
    received: layout.u64('received'),
    totalSent: layout.u64('total_sent'),
    totalReceived: layout.u64('total_received'),
    rtt: layout.u32('rtt_us'),
    retransmits: layout.u32('retransmits'),
    retransmitted: layout.u64('retransmitted'),
    owner: layout.u32('owner'),
    ownerStarted: layout.u64('owner_started_ns'),
    family: layout.u16('family'),
    localPort: layout.u16('local_port'),
    remotePort: layout.u16('remote_port'),
    state: layout.u8('state'),
    direction: layout.u8('direction'),
    older: layout.u8('older'),
    error: layout.u16('error'),
    established: layout.u8('established'),
    opened: layout.u8('opened'),
    acceptedNow: layout.u8('accepted'),
    handshake: layout.u32('handshake_us'),
    acceptable: layout.u64('established_ns'),
    accepted: layout.u64('accepted_ns'),
    rttMin: layout.u32('rtt_min_us'),
    segments: layout.u32('segments'),
    closer: layout.u8('closer'),
    reset: layout.u8('reset'),
    held: layout.u8('held'),
    receiveQueue: layout.u32('receive_queue'),
    sendQueue: layout.u32('send_queue'),
    zeroWindow: layout.u8('zero_window'),
    busy: layout.u8('busy'),
    timeWait: layout.u8('time_wait'),
    mptcp: layout.u8('mptcp'),
    drops: layout.u32('drops'),
    totalDrops: layout.u32('total_drops'),
    namespace: layout.u32('namespace'),
    device: layout.u32('device'),
    local: layout.array('local', 1, ADDRESS_LENGTH),
    remote: layout.array('remote', 1, ADDRESS_LENGTH),
    name: layout.array('name', 1, NAME_LENGTH),
  }
}

/** The rows as the kernel side wrote them, in memory that will be used again. */
export class RowsOfSockets implements ConnectionRecords {
  readonly length: number
  rows: DataView
  readonly #at: SocketOffsets
  #kept = false

  constructor(rows: DataView, at: SocketOffsets) {
    this.rows = rows
    this.#at = at
    this.length = rows.byteLength / at.size
  }

  at(index: number): ConnectionRecord | undefined {
    return index < this.length ? new RowOfSocket(this, index * this.#at.size, this.#at) : undefined
  }

  idAt(index: number): number {
    return readU64(this.rows, index * this.#at.size + this.#at.id)
  }

  ownerAt(index: number): number {
    return this.rows.getUint32(index * this.#at.size + this.#at.owner, true)
  }

  ownerStartAt(index: number): number {
    return readU64(this.rows, index * this.#at.size + this.#at.ownerStarted)
  }

  isListening(index: number): boolean {
    return this.rows.getUint8(index * this.#at.size + this.#at.state) === LISTEN
  }

  isAccepted(index: number): boolean {
    return this.rows.getUint8(index * this.#at.size + this.#at.acceptedNow) !== 0
  }

  hasEnded(index: number): boolean {
    return readU64(this.rows, index * this.#at.size + this.#at.ended) !== 0
  }

  keep(): void {
    if (this.#kept) return
    this.#kept = true
    const { buffer, byteOffset, byteLength } = this.rows
    this.rows = new DataView(buffer.slice(byteOffset, byteOffset + byteLength))
  }
}

/** A record that reads its row when it is asked. */
class RowOfSocket implements ConnectionRecord {
  readonly #source: RowsOfSockets
  readonly #row: number
  readonly #at: SocketOffsets

  constructor(source: RowsOfSockets, row: number, at: SocketOffsets) {
    this.#source = source
    this.#row = row
    this.#at = at
  }

  get id(): number {
    return this.#u64(this.#at.id)
  }

  get listener(): number {
    return this.#u64(this.#at.listener)
  }

  get owner(): number {
    return this.#u32(this.#at.owner)
  }

  get ownerStartedNs(): number {
    return this.#u64(this.#at.ownerStarted)
  }

  get name(): string {
    return readText(this.#source.rows, this.#row + this.#at.name, NAME_LENGTH)
  }

  get family(): Family {
    return familyOf(this.#source.rows, this.#row + this.#at.remote, this.#u16(this.#at.family))
  }

  get direction(): 'inbound' | 'outbound' | null {
    return DIRECTIONS[this.#u8(this.#at.direction)] ?? null
  }

  get state(): (typeof STATES)[number] {
    return STATES[this.#u8(this.#at.state)] ?? 'UNKNOWN'
  }

  get local(): Endpoint {
    return this.#endpoint(this.#at.local, this.#at.localPort)
  }

  get remote(): Endpoint {
    return this.#endpoint(this.#at.remote, this.#at.remotePort)
  }

  get sentBytes(): number {
    return this.#u64(this.#at.sent)
  }

  get receivedBytes(): number {
    return this.#u64(this.#at.received)
  }

  get totalSentBytes(): number {
    return this.#u64(this.#at.totalSent)
  }

  get totalReceivedBytes(): number {
    return this.#u64(this.#at.totalReceived)
  }

  get connectNs(): number | null {
    return known(this.#u64(this.#at.connect))
  }

  get rttNs(): number {
    return this.#u32(this.#at.rtt) * MICROSECOND
  }

  get rttMinNs(): number | null {
    const rttMin = this.#u32(this.#at.rttMin)
    return rttMin === this.#at.noRtt ? null : rttMin * MICROSECOND
  }

  get retransmits(): number {
    return this.#u32(this.#at.retransmits)
  }

  get retransmittedBytes(): number {
    return this.#u64(this.#at.retransmitted)
  }

  get segments(): number {
    return this.#u32(this.#at.segments)
  }

  get startedNs(): number {
    return this.#u64(this.#at.started)
  }

  get endedNs(): number | null {
    return known(this.#u64(this.#at.ended))
  }

  get older(): boolean {
    return this.#u8(this.#at.older) !== 0
  }

  get established(): boolean {
    return this.#u8(this.#at.established) !== 0
  }

  get opened(): boolean {
    return this.#u8(this.#at.opened) !== 0
  }

  get accepted(): boolean {
    return this.#u8(this.#at.acceptedNow) !== 0
  }

  get handshakeNs(): number | null {
    return known(this.#u32(this.#at.handshake) * MICROSECOND)
  }

  get establishedNs(): number | null {
    return known(this.#u64(this.#at.acceptable))
  }

  get acceptedNs(): number | null {
    return known(this.#u64(this.#at.accepted))
  }

  get closer(): 'local' | 'remote' | null {
    return CLOSERS[this.#u8(this.#at.closer)] ?? null
  }

  get reset(): 'sent' | 'received' | null {
    return RESETS[this.#u8(this.#at.reset)] ?? null
  }

  get receiveQueue(): number {
    return this.#u32(this.#at.receiveQueue)
  }

  get sendQueue(): number {
    return this.#u32(this.#at.sendQueue)
  }

  get zeroWindow(): 'local' | 'remote' | 'both' | null {
    return ZERO_WINDOWS[this.#u8(this.#at.zeroWindow)] ?? null
  }

  get busy(): boolean {
    return this.#u8(this.#at.busy) !== 0
  }

  get mptcp(): boolean {
    return this.#u8(this.#at.mptcp) !== 0
  }

  get timeWait(): boolean {
    return this.#u8(this.#at.timeWait) !== 0
  }

  get drops(): number {
    return this.#u32(this.#at.drops)
  }

  get totalDrops(): number {
    return this.#u32(this.#at.totalDrops)
  }

  get onlyV6(): null {
    return null
  }

  get namespace(): number {
    return this.#u32(this.#at.namespace)
  }

  get device(): number {
    return this.#u32(this.#at.device)
  }

  get errno(): number {
    return this.#u16(this.#at.error)
  }

  #endpoint(at: number, portAt: number): Endpoint {
    const { address } = readAddress(this.#source.rows, this.#row + at, this.#u16(this.#at.family))
    return { address, port: this.#u16(portAt) }
  }

  #u8(offset: number): number {
    return this.#source.rows.getUint8(this.#row + offset)
  }

  #u16(offset: number): number {
    return this.#source.rows.getUint16(this.#row + offset, true)
  }

  #u32(offset: number): number {
    return this.#source.rows.getUint32(this.#row + offset, true)
  }

  #u64(offset: number): number {
    return readU64(this.#source.rows, this.#row + offset)
  }
}

/** Nanoseconds. */
const MICROSECOND = 1000

/** Zero stands for what is not known. */
function known(value: number): number | null {
  return value === 0 ? null : value
}
