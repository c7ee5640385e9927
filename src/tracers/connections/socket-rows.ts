/** TCP sockets as the kernel side writes them in rows, `struct connection` of bpf/connection.bpf.h. */

import { readText, readU64 } from '../../bpf/btf/layout.ts'
import { familyOf, readAddress } from '../network/address.ts'
import type { Endpoint, Family } from './row.ts'
import type { SocketOffsets } from './socket-offsets.ts'
import { NAME_LENGTH } from './socket-offsets.ts'
import { type ConnectionRecord, type ConnectionRecords, STATES } from './socket-record.ts'

const LISTEN = STATES.indexOf('LISTEN')

/** The enums of bpf/connection.bpf.h, by their number; 0 is none of them. */
const DIRECTIONS = [null, 'outbound', 'inbound'] as const
const CLOSERS = [null, 'local', 'remote'] as const
const ZERO_WINDOWS = [null, 'local', 'remote', 'both'] as const
const RESETS = [null, 'sent', 'received'] as const

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
