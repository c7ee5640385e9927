import type { KeyedMap } from '../bpf/hash.ts'
import { readU64, type StructLayout } from '../bpf/layout.ts'
import type { BpfObject } from '../bpf/object.ts'
import type { CallSums } from '../sample/call-sums.ts'
import { addCounts, HISTOGRAM_SLOTS } from '../sample/histogram.ts'
import { CompatLoss } from './compat-loss.ts'
import type { CompatProcesses } from './compat-processes.ts'
import { type CallRecord, type CallRecords, COMPAT_BIT, type FailureRecord } from './syscalls.ts'

type Maps = Record<'calls' | 'longest' | 'failures', KeyedMap>

/** Every system call of every watched process, in compatible mode. */
export class CompatSyscalls {
  readonly source: string
  /** Nothing to prepare: what was read was taken out. */
  readonly arena = { prepare(): void {} }
  readonly loss: CompatLoss
  readonly #processes: CompatProcesses
  readonly #halves: readonly [Maps, Maps]
  readonly #calls: StructLayout
  readonly #call: StructLayout
  readonly #failure: StructLayout

  constructor(object: BpfObject, source: string, processes: CompatProcesses) {
    this.source = source
    this.#processes = processes
    this.loss = new CompatLoss(object, 'lost_calls')
    const half = (name: 'even' | 'odd'): Maps => ({
      calls: object.keyed(`calls_${name}`),
      longest: object.keyed(`longest_${name}`, true),
      failures: object.keyed(`failures_${name}`),
    })
    this.#halves = [half('even'), half('odd')]
    this.#calls = object.layout('compat_calls')
    this.#call = object.layout('compat_call_key')
    this.#failure = object.layout('compat_failure_key')
  }

  /** The calls of an interval at rest, whose processes were read before. To be called once. */
  read(epoch: number): CallRecords {
    const maps = this.#halves[epoch & 1 ? 1 : 0]
    const longest = new Map(
      maps.longest.drain().map(([key, values]) => [this.#name(this.#call, key), greatest(values)]),
    )
    const failures = this.#readFailures(maps.failures)
    const slotsAt = this.#calls.array('slots', 4, HISTOGRAM_SLOTS)
    const records = maps.calls.drain().flatMap(([key, row]): CompatCall | [] => {
      const process = this.#processes.indexOf(key.getUint32(this.#call.u32('process'), true))
      if (process < 0) return []
      const call = key.getUint32(this.#call.u32('call'), true)
      const name = this.#name(this.#call, key)
      const slots = new Uint32Array(row.buffer, row.byteOffset + slotsAt, HISTOGRAM_SLOTS)
      return {
        process,
        call,
        number: call & ~COMPAT_BIT,
        abi: call & COMPAT_BIT ? 'compat' : 'native',
        errors: row.getUint32(this.#calls.u32('errors'), true),
        failures: failures.get(name) ?? [],
        untimed: row.getUint32(this.#calls.u32('untimed'), true),
        slots,
        durations: {
          sum: readU64(row, this.#calls.u64('sum_ns')),
          max: longest.get(name) ?? 0,
          count: bucket => slots[bucket] ?? 0,
          addTo: counts => addCounts(slots, 0, counts),
        },
      }
    })
    return new CompatCalls(records)
  }

  #readFailures(map: KeyedMap): Map<string, FailureRecord[]> {
    const failures = new Map<string, FailureRecord[]>()
    for (const [key, count] of map.drain()) {
      const name = this.#name(this.#failure, key)
      const others = failures.get(name) ?? []
      const errno = key.getUint32(this.#failure.u32('number'), true)
      failures.set(name, [...others, { errno, count: count.getUint32(0, true) }])
    }
    return failures
  }

  /** Process and call of a key. */
  #name(layout: StructLayout, key: DataView): string {
    return `${key.getUint32(layout.u32('process'), true)}:${key.getUint32(layout.u32('call'), true)}`
  }
}

/** A record, and what adding it up takes. */
interface CompatCall extends CallRecord {
  /** The number, marked with COMPAT_BIT where it is one of the 32-bit table. */
  readonly call: number
  readonly slots: Uint32Array
}

/** Records that are made already. */
class CompatCalls implements CallRecords {
  readonly #records: readonly CompatCall[]

  constructor(records: readonly CompatCall[]) {
    this.#records = records
  }

  get length(): number {
    return this.#records.length
  }

  at(index: number): CallRecord | undefined {
    return this.#records[index]
  }

  addTo(sums: CallSums, from: number, to: number): void {
    for (const { process, call, errors, untimed, durations, slots } of this.#records.slice(from, to)) {
      sums.add(process, call, errors, untimed, durations.sum, durations.max, slots, 0)
    }
  }

  /** They were taken out of the maps. */
  release(): void {}
}

/** The greatest of the values of all processors. */
function greatest(values: DataView): number {
  let greatest = 0
  for (let at = 0; at < values.byteLength; at += 8) greatest = Math.max(greatest, readU64(values, at))
  return greatest
}
