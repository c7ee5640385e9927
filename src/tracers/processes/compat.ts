import { readdirSync, readFileSync } from 'node:fs'
import { readText, readU64, type StructLayout } from '../../bpf/btf/layout.ts'
import type { KeyedMap } from '../../bpf/maps/hash.ts'
import type { BpfObject } from '../../bpf/object.ts'
import type { Moved, ProcessRecord } from './tracer.ts'

const NAME_LENGTH = 16

/** Nanoseconds in one tick of /proc (USER_HZ). */
const TICK_NS = 1e9 / 100

const NOTHING: Moved = { sentBytes: 0, receivedBytes: 0 }

/** Life and bytes of processes in compatible mode. What the kernel side may not read of them comes from /proc. */
export class CompatProcesses {
  readonly source = 'raw_tp'
  /** Nothing to prepare: what was read was taken out. */
  readonly rows = { prepare(): void {} }
  readonly #halves: readonly [KeyedMap, KeyedMap]
  readonly #layout: StructLayout
  #asksProc = true
  /** Index of each process among the records that were read last. */
  #indexes = new Map<number, number>()
  /** Starts of processes that were active in the last interval. */
  #starts = new Map<number, number>()
  /** Processes whose first thread has ended while others go on, by the last record. */
  readonly #headless = new Map<number, ProcessRecord>()

  constructor(object: BpfObject) {
    this.#halves = [object.keyed('processes_even'), object.keyed('processes_odd')]
    this.#layout = object.layout('compat_process')
  }

  /** From now on /proc is not asked: it tells of other processes. */
  leaveProc(): void {
    this.#asksProc = false
  }

  /** Index of a process among the records that were read last; -1: it has none. */
  indexOf(pid: number): number {
    return this.#indexes.get(pid) ?? -1
  }

  /** The processes of an interval at rest, one record each. To be called once. */
  read(epoch: number): ProcessRecord[] {
    const starts = new Map<number, number>()
    const records = Array.from(this.#halves[epoch & 1 ? 1 : 0].drain(), ([key, row]) => {
      const record = this.#record(key.getUint32(0, true), row)
      if (!record.exited) starts.set(record.pid, record.startedNs)
      return record
    })
    this.#starts = starts
    this.#indexes = new Map(records.map(({ pid }, index) => [pid, index]))
    for (const [pid, last] of this.#headless) {
      if (hasOtherThreads(pid)) continue
      this.#headless.delete(pid)
      records.push({ ...last, exited: true, tcp: NOTHING, udp: NOTHING, other: NOTHING })
    }
    return records
  }

  #record(pid: number, row: DataView): ProcessRecord {
    const at = this.#layout
    const ended = row.getUint32(at.u32('exited'), true) !== 0
    const isLeader = row.getUint32(at.u32('leader'), true) !== 0
    const name = readText(row, at.array('name', 1, NAME_LENGTH), NAME_LENGTH)
    const record: ProcessRecord = {
      pid,
      parent: 0,
      startedNs: this.#starts.get(pid) ?? (this.#asksProc ? readStart(pid) : 0),
      name: isLeader || !this.#asksProc ? name : (readName(pid) ?? name),
      command: null,
      group: null,
      exited: ended && !(this.#asksProc && hasOtherThreads(pid)),
      tcp: this.#moved(row, 'tcp_sent', 'tcp_received'),
      udp: this.#moved(row, 'udp_sent', 'udp_received'),
      other: this.#moved(row, 'other_sent', 'other_received'),
    }
    if (ended && !record.exited) this.#headless.set(pid, record)
    return record
  }

  #moved(row: DataView, sent: string, received: string): Moved {
    return {
      sentBytes: readU64(row, this.#layout.u64(sent)),
      receivedBytes: readU64(row, this.#layout.u64(received)),
    }
  }
}

/** Whether a process, whose first thread has ended, still has another one. */
function hasOtherThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1
  } catch {
    return false
  }
}

/** Start of a process in nanoseconds since boot: field 22 of /proc/PID/stat (proc(5)); 0: it has gone. */
function readStart(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) * TICK_NS
  } catch {
    return 0
  }
}

function readName(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()
  } catch {
    return null
  }
}
