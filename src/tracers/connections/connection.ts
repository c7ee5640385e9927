import { errnoName } from '../../syscall/errno.ts'
import { commonOwner } from '../listeners/listening.ts'
import { OF_LINK } from '../network/address.ts'
import type { ProcessRow } from '../processes/row.ts'
import type { Moved } from '../processes/tracer.ts'
import type { Links, Source } from './interval.ts'
import type { ConnectionRow, Direction, Endpoint, Family } from './row.ts'
import { type ConnectionRecord, type ListeningSocket, movedSince } from './sockets/record.ts'
import { ConnectionView, plainConnection } from './view.ts'

/**
 * A connection by its place in a batch of sockets. What nobody asks for is not read: there may be many thousands of them.
 */
export class Connection extends ConnectionView {
  readonly #source: Source
  readonly #index: number

  /** Of one of some records, by its index among them. */
  constructor(source: Source, index: number) {
    super()
    this.#source = source
    this.#index = index
  }

  /** All that the kernel side said of it. */
  get record(): ConnectionRecord {
    return this.#source.records.at(this.#index)
  }

  #get<Name extends keyof ConnectionRecord>(name: Name): ConnectionRecord[Name] {
    return this.#source.records.get(this.#index, name)
  }

  /** What the walk said of one that closed after it. */
  get #earlier(): ConnectionRecord | undefined {
    const { walked } = this.#source.interval
    return walked.size === 0 ? undefined : walked.get(this.id)
  }

  get id(): number {
    return this.#get('id')
  }

  get pid(): number | null {
    const owner = this.#get('owner')
    if (owner !== 0) return owner
    const listening = this.#listeningOwner()
    return listening === null ? null : listening.owner
  }

  /** Start of its owner since boot; 0: not known. */
  get ownerStartedNs(): number {
    if (this.#get('owner') !== 0) return this.#get('ownerStartedNs')
    return this.#listeningOwner()?.ownerStartedNs ?? 0
  }

  /** The name that its owner had when it last used the socket. */
  get nameInSocket(): string | null {
    return this.#get('owner') !== 0 ? this.#get('name') : (this.#listeningOwner()?.name ?? null)
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
    return this.#get('family')
  }

  get direction(): Direction {
    return this.#get('direction') ?? (this.#source.listenersOf(this.#index).length === 0 ? 'outbound' : 'inbound')
  }

  get state(): string {
    if (!this.closed || (!this.established && this.#get('errno') === 0)) return this.#get('state')
    return this.#get('timeWait') ? 'TIME_WAIT' : 'CLOSE'
  }

  get established(): boolean {
    return this.#get('established')
  }

  get local(): Endpoint {
    return this.#end('local')
  }

  get remote(): Endpoint {
    return this.#end('remote')
  }

  get sent_bytes(): number {
    const earlier = this.#earlier
    return earlier === undefined ? this.#get('sentBytes') : earlier.sentBytes + this.#movedSince(earlier).sentBytes
  }

  get received_bytes(): number {
    const earlier = this.#earlier
    if (earlier === undefined) return this.#get('receivedBytes')
    return earlier.receivedBytes + this.#movedSince(earlier).receivedBytes
  }

  get total_sent_bytes(): number {
    return this.#get('totalSentBytes')
  }

  get total_received_bytes(): number {
    return this.#get('totalReceivedBytes')
  }

  get connect_latency_ns(): number | null {
    return this.#get('connectNs')
  }

  get handshake_latency_ns(): number | null {
    return this.#get('handshakeNs')
  }

  get accept_wait_ns(): number | null {
    const establishedNs = this.#get('establishedNs')
    const acceptedNs = this.#get('acceptedNs')
    return establishedNs === null || acceptedNs === null ? null : acceptedNs - establishedNs
  }

  get rtt_ns(): number {
    return this.#get('rttNs')
  }

  get rtt_min_ns(): number | null {
    return this.#get('rttMinNs')
  }

  get retransmits(): number {
    return this.#get('retransmits')
  }

  get retransmitted_bytes(): number | null {
    return this.#get('retransmittedBytes')
  }

  get segments_sent(): number {
    return this.#get('segments')
  }

  get receive_queue_bytes(): number {
    return this.#get('receiveQueue')
  }

  get send_queue_bytes(): number {
    return this.#get('sendQueue')
  }

  get zero_window(): 'local' | 'remote' | 'both' | null {
    return this.#get('zeroWindow')
  }

  get busy(): boolean {
    return this.#get('busy')
  }

  get mptcp(): boolean | null {
    return this.#get('mptcp')
  }

  get reset(): 'sent' | 'received' | null {
    return this.#get('reset')
  }

  get closed_by(): 'local' | 'remote' | null {
    return this.#get('closer')
  }

  get network_namespace(): number | null {
    const namespace = this.#get('namespace')
    return namespace === this.#source.interval.namespace ? null : namespace
  }

  get age_seconds(): number {
    const endedNs = this.#get('endedNs') ?? this.#source.interval.endedNs
    return Math.max(0, endedNs - this.#get('startedNs')) / 1e9
  }

  get started_ns(): number {
    return this.#unix(this.#get('startedNs'))
  }

  get ended_ns(): number | null {
    const endedNs = this.#get('endedNs')
    return endedNs === null ? null : this.#unix(endedNs)
  }

  get age_is_minimum(): boolean {
    return this.#get('older')
  }

  get opened(): boolean {
    return this.#get('opened') || this.#earlier?.opened === true
  }

  get closed(): boolean {
    return this.#get('endedNs') !== null
  }

  get error(): string | null {
    const errno = this.#get('errno')
    return this.closed && !this.established && errno !== 0 ? errnoName(errno) : null
  }

  #end(which: 'local' | 'remote'): Endpoint {
    return this.#get('device') === 0
      ? this.#get(which)
      : endIn(this.record, which, this.pid, this.#source.interval.links)
  }

  override toJSON(): ConnectionRow {
    return plainConnection(this)
  }

  #movedSince(earlier: ConnectionRecord): Moved {
    const now = { totalSentBytes: this.#get('totalSentBytes'), totalReceivedBytes: this.#get('totalReceivedBytes') }
    return movedSince(earlier, now)
  }

  /** Who holds the listening socket of one that is nobody's: as long as nobody has accepted it, it is its listener's. */
  #listeningOwner(): ListeningSocket | null {
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
export function endIn<Which extends 'local' | 'remote'>(
  record: Pick<ConnectionRecord, 'namespace' | 'device' | 'local' | Which>,
  which: Which,
  pid: number | null,
  links: Links,
): Endpoint {
  const { [which]: end, namespace, device } = record
  if (device === 0 || !OF_LINK.test(end.address)) return end
  return { address: `${end.address}%${links.get(namespace, device, pid, record.local.address)}`, port: end.port }
}
