import { ByProcess, type ProcessKey } from '../../facts/by-process.ts'
import type { Group } from '../../facts/cgroup.ts'
import type { Told } from '../../facts/facts.ts'
import type { Connection } from '../connections/connection.ts'
import type { ProcessRow, Traffic } from './row.ts'
import type { Moved, ProcessRecord } from './tracer.ts'

const NO_TRAFFIC: Traffic = { sent_bytes: 0, received_bytes: 0 }

/** A process while its records are added up. */
export class ProcessSum implements Told {
  readonly pid: number
  readonly startedNs: number
  /** Of the calls of this process among the sums of calls. */
  readonly index: number
  name: string
  active = false
  command: string | null = null
  group: Group | null = null
  exited = false
  tcp = NO_TRAFFIC
  udp = NO_TRAFFIC
  other = NO_TRAFFIC
  connections = 0
  /** Once it is made. */
  row: ProcessRow | undefined

  constructor(pid: number, startedNs: number, index: number, name: string) {
    this.pid = pid
    this.startedNs = startedNs
    this.index = index
    this.name = name
  }

  /** The last one knows best who the process is by now. */
  add(record: ProcessRecord): void {
    this.active = true
    this.name = record.name
    this.command = record.command ?? this.command
    this.group = record.group ?? this.group
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
  readonly #sums: ProcessSum[] = []
  readonly #byProcess = new ByProcess<ProcessSum>()

  /** `wanted` null: all are. A process may have two records. */
  constructor(records: readonly ProcessRecord[], wanted: ((pid: number) => boolean) | null) {
    this.places = records.map(record => {
      if (wanted !== null && !wanted(record.pid)) return -1
      const sum = this.#of(record.pid, record.startedNs, () => record.name)
      sum.add(record)
      return sum.index
    })
  }

  get size(): number {
    return this.#sums.length
  }

  all(): readonly ProcessSum[] {
    return this.#sums
  }

  /** Counts connections, from one index up to another, for their owners, which may have done nothing else. */
  count(connections: readonly Connection[], from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const connection = connections[i]
      const pid = connection?.pid ?? null
      if (connection === undefined || pid === null) continue
      const startedNs = connection.ownerStartedNs
      this.#of(pid, startedNs, () => connection.nameInSocket ?? '').connections++
    }
  }

  /** The row of a process, once it is made. */
  rowOf(pid: number, startedNs: number): ProcessRow | undefined {
    return this.#byProcess.get(pid, startedNs)?.row
  }

  /** Those of `others` that are none of these. */
  without<T extends ProcessKey>(others: readonly T[]): T[] {
    return others.filter(({ pid, startedNs }) => this.#byProcess.get(pid, startedNs) === undefined)
  }

  /** The sum of a process, made where it has none yet. */
  #of(pid: number, startedNs: number, name: () => string): ProcessSum {
    let sum = this.#byProcess.get(pid, startedNs)
    if (sum === undefined) {
      sum = new ProcessSum(pid, startedNs, this.#sums.length, name())
      this.#sums.push(sum)
      this.#byProcess.set(sum)
    }
    return sum
  }
}
