import { errnoName } from '../../syscall/errno.ts'
import { commonOwner } from '../listeners/listening.ts'
import { OF_LINK } from '../network/address.ts'
import type { ProcessRow } from '../processes/row.ts'
import type { Links, Source } from './interval.ts'
import { plainConnection } from './plain-connection.ts'
import type { ConnectionRow, Direction, Endpoint, Family } from './row.ts'
import { type ConnectionRecord, movedSince } from './socket-record.ts'

/**
 * A row of a connection over what the kernel side said of it. What nobody asks for is not made, not even its record: there
 * may be many thousands of them, which is why a row is no more than the place where it is told.
 */
export class Connection implements ConnectionRow {
  readonly #source: Source
  readonly #index: number

  /** Of one of some records, by its index among them. */
  constructor(source: Source, index: number) {
    this.#source = source
    this.#index = index
  }

  /** What the kernel side said of it, made anew for whoever asks. */
  get record(): ConnectionRecord {
    const record = this.#source.records.at(this.#index)
    if (record === undefined) throw new RangeError(`no record ${this.#index}`)
    return record
  }

  /** What the walk said of one that closed after it. */
  get #earlier(): ConnectionRecord | undefined {
    const { walked } = this.#source.interval
    return walked.size === 0 ? undefined : walked.get(this.id)
  }

  get id(): number {
    return this.#source.records.idAt(this.#index)
  }

  get pid(): number | null {
    const owner = this.#source.records.ownerAt(this.#index)
    if (owner !== 0) return owner
    const listening = this.#listeningOwner()
    return listening === null ? null : listening.owner
  }

  /** Start of its owner since boot; 0: not known. */
  get ownerStartedNs(): number {
    const { records } = this.#source
    if (records.ownerAt(this.#index) !== 0) return records.ownerStartAt(this.#index)
    return this.#listeningOwner()?.ownerStartedNs ?? 0
  }

  /** The name that its owner had when it last used the socket. */
  get nameInSocket(): string | null {
    const { owner, name } = this.record
    return owner !== 0 ? name : (this.#listeningOwner()?.name ?? null)
  }

  get name(): string | null {
    return this.#process()?.name ?? this.nameInSocket
  }

  get process_started_ns(): number | null {
    return this.#process()?.started_ns ?? null
  }

  get container(): string | null {
    return this.#process()?.container ?? null
  }

  get pod(): string | null {
    return this.#process()?.pod ?? null
  }

  get unit(): string | null {
    return this.#process()?.unit ?? null
  }

  get family(): Family {
    return this.record.family
  }

  get direction(): Direction {
    return this.record.direction ?? (this.#source.listenersOf(this.#index).length === 0 ? 'outbound' : 'inbound')
  }

  get state(): string {
    const { endedNs, established, errno, state, timeWait } = this.record
    if (endedNs === null || (!established && errno === 0)) return state
    return timeWait ? 'TIME_WAIT' : 'CLOSE'
  }

  get established(): boolean {
    return this.record.established
  }

  get local(): Endpoint {
    return this.#end('local')
  }

  get remote(): Endpoint {
    return this.#end('remote')
  }

  get sent_bytes(): number {
    const earlier = this.#earlier
    const record = this.record
    return earlier === undefined ? record.sentBytes : earlier.sentBytes + movedSince(earlier, record).sentBytes
  }

  get received_bytes(): number {
    const earlier = this.#earlier
    const record = this.record
    if (earlier === undefined) return record.receivedBytes
    return earlier.receivedBytes + movedSince(earlier, record).receivedBytes
  }

  get total_sent_bytes(): number {
    return this.record.totalSentBytes
  }

  get total_received_bytes(): number {
    return this.record.totalReceivedBytes
  }

  get connect_latency_ns(): number | null {
    return this.record.connectNs
  }

  get handshake_latency_ns(): number | null {
    return this.record.handshakeNs
  }

  get accept_wait_ns(): number | null {
    const { establishedNs, acceptedNs } = this.record
    return establishedNs === null || acceptedNs === null ? null : acceptedNs - establishedNs
  }

  get rtt_ns(): number {
    return this.record.rttNs
  }

  get rtt_min_ns(): number | null {
    return this.record.rttMinNs
  }

  get retransmits(): number {
    return this.record.retransmits
  }

  get retransmitted_bytes(): number | null {
    return this.record.retransmittedBytes
  }

  get segments_sent(): number {
    return this.record.segments
  }

  get receive_queue_bytes(): number {
    return this.record.receiveQueue
  }

  get send_queue_bytes(): number {
    return this.record.sendQueue
  }

  get zero_window(): 'local' | 'remote' | 'both' | null {
    return this.record.zeroWindow
  }

  get busy(): boolean {
    return this.record.busy
  }

  get mptcp(): boolean | null {
    return this.record.mptcp
  }

  get reset(): 'sent' | 'received' | null {
    return this.record.reset
  }

  get closed_by(): 'local' | 'remote' | null {
    return this.record.closer
  }

  get network_namespace(): number | null {
    const { namespace } = this.record
    return namespace === this.#source.interval.namespace ? null : namespace
  }

  get age_seconds(): number {
    const { startedNs, endedNs } = this.record
    return Math.max(0, (endedNs ?? this.#source.interval.endedNs) - startedNs) / 1e9
  }

  get started_ns(): number {
    return this.#unix(this.record.startedNs)
  }

  get ended_ns(): number | null {
    const { endedNs } = this.record
    return endedNs === null ? null : this.#unix(endedNs)
  }

  get age_is_minimum(): boolean {
    return this.record.older
  }

  get opened(): boolean {
    return this.record.opened || this.#earlier?.opened === true
  }

  get closed(): boolean {
    return this.#source.records.hasEnded(this.#index)
  }

  get error(): string | null {
    const { endedNs, established, errno } = this.record
    return endedNs !== null && !established && errno !== 0 ? errnoName(errno) : null
  }

  #end(which: 'local' | 'remote'): Endpoint {
    const record = this.record
    return record.device === 0 ? record[which] : endIn(record, which, this.pid, this.#source.interval.links)
  }

  toJSON(): ConnectionRow {
    return plainConnection(this)
  }

  /** Who holds the listening socket of one that is nobody's: as long as nobody has accepted it, it is its listener's. */
  #listeningOwner(): ConnectionRecord | null {
    return commonOwner(this.#source.listenersOf(this.#index))
  }

  #process(): ProcessRow | undefined {
    const { pid } = this
    return pid === null ? undefined : this.#source.interval.processOf(pid, this.ownerStartedNs)
  }

  #unix(monotonicNs: number): number {
    return this.#source.interval.times.ofMonotonic(monotonicNs)
  }
}

/** One end of a socket that a process holds; an address of a link with the name of that: `fe80::1%eth0` (RFC 4007). */
export function endIn(record: ConnectionRecord, which: 'local' | 'remote', pid: number | null, links: Links): Endpoint {
  const { [which]: end, namespace, device } = record
  if (device === 0 || !OF_LINK.test(end.address)) return end
  return { address: `${end.address}%${links.get(namespace, device, pid, record.local.address)}`, port: end.port }
}
