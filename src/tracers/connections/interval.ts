import type { Times } from '../../bpf/clock.ts'
import type { Listeners } from '../listeners/listening.ts'
import type { ProcessRow } from '../processes/row.ts'
import type { ConnectionRecord, ConnectionRecords, ListeningSocket } from './sockets/record.ts'

/** When and where an interval ended. */
export interface IntervalEnd {
  /** On the monotonic clock. */
  readonly endedNs: number
  /** Unix time of what the kernel told. */
  readonly times: Times
  /** Inode of the network namespace that is not marked as another one. */
  readonly namespace: number
  /** Names of network interfaces. */
  readonly links: Links
}

/** Names of network interfaces by their index, in any network namespace; `pid`: a process that may live there. */
export interface Links {
  get(namespace: number, device: number, pid: number | null, address: string): string
}

/** What the connections of one interval have in common. */
export interface Interval extends IntervalEnd {
  readonly listeners: Listeners
  /** What the walk said of connections that closed after it, by their ids. */
  readonly walked: ReadonlyMap<number, ConnectionRecord>
  /** The process of this interval that an owner is; `startedNs` 0: the last one with its pid. */
  processOf(pid: number, startedNs: number): ProcessRow | undefined
}

/** Records of sockets, to be rows of one interval. */
export class Source {
  readonly records: ConnectionRecords
  readonly interval: Interval
  /** The listening sockets that connections may have come to, by the index of their record, as far as they were asked for. */
  readonly #listeners = new Map<number, readonly ListeningSocket[]>()

  constructor(records: ConnectionRecords, interval: Interval) {
    this.records = records
    this.interval = interval
  }

  /** The listening sockets that a connection may have come to. */
  listenersOf(index: number): readonly ListeningSocket[] {
    let listeners = this.#listeners.get(index)
    if (listeners === undefined) {
      listeners = this.interval.listeners.of(this.records, index)
      this.#listeners.set(index, listeners)
    }
    return listeners
  }
}
