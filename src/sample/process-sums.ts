import type { Moved, ProcessRecord } from '../tracers/processes.ts'
import type { Connection } from './connection.ts'
import type { Traffic } from './sample.ts'

const NO_TRAFFIC: Traffic = { sent_bytes: 0, received_bytes: 0 }

/** A process while its records are added up. */
export class ProcessSum {
  readonly pid: number
  /** Of the calls of this process among the sums of calls. */
  readonly index: number
  startedNs: number
  name: string
  exited = false
  tcp = NO_TRAFFIC
  udp = NO_TRAFFIC
  other = NO_TRAFFIC
  connections = 0

  constructor(pid: number, index: number, startedNs: number, name: string) {
    this.pid = pid
    this.index = index
    this.startedNs = startedNs
    this.name = name
  }

  add(record: ProcessRecord): void {
    // a pid that was used again within the interval is one row: that of its last user
    if (record.startedNs > this.startedNs) {
      this.exited = false
      this.startedNs = record.startedNs
    }
    this.name = record.name
    this.exited ||= record.exited
    this.tcp = plus(this.tcp, record.tcp)
    this.udp = plus(this.udp, record.udp)
    this.other = plus(this.other, record.other)
  }
}

/** Most processes move nothing, and need no object that says so. */
function plus(traffic: Traffic, { sentBytes, receivedBytes }: Moved): Traffic {
  if (sentBytes === 0 && receivedBytes === 0) return traffic
  return { sent_bytes: traffic.sent_bytes + sentBytes, received_bytes: traffic.received_bytes + receivedBytes }
}

/** The processes of an interval. */
export class ProcessSums {
  /** By the index of the record, which is how calls tell their process: the index of its sum; -1: it is left out. */
  readonly places: readonly number[]
  readonly #sums = new Map<number, ProcessSum>()

  /** `wanted` null: all are. A process may have two records. */
  constructor(records: readonly ProcessRecord[], wanted: ((pid: number) => boolean) | null) {
    this.places = records.map(record => {
      if (wanted !== null && !wanted(record.pid)) return -1
      const sum = this.#of(record.pid, record.startedNs, record.name)
      sum.add(record)
      return sum.index
    })
  }

  get size(): number {
    return this.#sums.size
  }

  all(): Iterable<ProcessSum> {
    return this.#sums.values()
  }

  /** Counts connections, from one index up to another, for their owners, which may have done nothing else. */
  count(connections: readonly Connection[], from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const connection = connections[i]
      const pid = connection?.pid ?? null
      if (connection === undefined || pid === null) continue
      const owner = this.#sums.get(pid) ?? this.#of(pid, 0, connection.name ?? '')
      owner.connections++
    }
  }

  /** The sum of a process, made where it has none yet. */
  #of(pid: number, startedNs: number, name: string): ProcessSum {
    let sum = this.#sums.get(pid)
    if (sum === undefined) {
      sum = new ProcessSum(pid, this.#sums.size, startedNs, name)
      this.#sums.set(pid, sum)
    }
    return sum
  }
}
