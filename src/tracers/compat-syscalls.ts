import type { KeyedMap } from '../bpf/hash.ts'
import { readU64, type StructLayout } from '../bpf/layout.ts'
import type { BpfObject } from '../bpf/object.ts'
import { type CallSums, CallTotals } from '../sample/call-sums.ts'
import { type Histogram, KERNEL_OCTAVES, OCTAVE_BUCKETS } from '../sample/histogram.ts'
import { CompatFilling } from './compat-filling.ts'
import { CompatLoss } from './compat-loss.ts'
import type { CompatProcesses } from './compat-processes.ts'
import { Counts } from './counts.ts'
import { type CallRecord, type CallRecords, COMPAT_BIT, type FailureRecord } from './syscalls.ts'

type Maps = Record<'calls' | 'longest' | 'failures', KeyedMap>

/** Every system call of every watched process, in compatible mode. */
export class CompatSyscalls {
  readonly source: string
  /** What was read was taken out. */
  readonly arena = {
    prepare: (): void => this.#filling.begin(),
    fill: (): number => this.#filling.fill(),
  }
  readonly #filling: CompatFilling
  readonly loss: CompatLoss
  readonly #processes: CompatProcesses
  readonly #halves: readonly [Maps, Maps]
  readonly #calls: StructLayout
  readonly #counts: number
  readonly #call: StructLayout
  readonly #octave: StructLayout
  readonly #failure: StructLayout

  constructor(object: BpfObject, source: string, processes: CompatProcesses) {
    this.source = source
    this.#processes = processes
    this.loss = new CompatLoss(object, 'lost_calls')
    this.#filling = new CompatFilling(object, {
      made_processes: 'processes_even',
      made_pairs: 'longest_even',
      made_octaves: 'calls_even',
    })
    const half = (name: 'even' | 'odd'): Maps => ({
      calls: object.keyed(`calls_${name}`),
      longest: object.keyed(`longest_${name}`, true),
      failures: object.keyed(`failures_${name}`),
    })
    this.#halves = [half('even'), half('odd')]
    this.#calls = object.layout('compat_calls')
    this.#counts = this.#calls.array('counts', 4, OCTAVE_BUCKETS)
    this.#call = object.layout('compat_call_key')
    this.#octave = object.layout('compat_octave_key')
    this.#failure = object.layout('compat_failure_key')
  }

  /** The calls of an interval at rest, whose processes were read before. To be called once. */
  read(epoch: number): CallRecords {
    const maps = this.#halves[epoch & 1 ? 1 : 0]
    const longest = new Map(
      maps.longest.drain().map(([key, values]) => [this.#name(this.#call, key), greatest(values)]),
    )
    const failures = this.#readFailures(maps.failures)
    const rows = new Map<string, CompatCall>()
    for (const [key, row] of maps.calls.drain()) {
      const process = this.#processes.indexOf(key.getUint32(this.#octave.u32('process'), true))
      if (process < 0) continue
      const name = this.#name(this.#octave, key)
      let record = rows.get(name)
      if (record === undefined) {
        const call = key.getUint32(this.#octave.u32('call'), true)
        record = new CompatCall(process, call, failures.get(name) ?? [], longest.get(name) ?? 0)
        rows.set(name, record)
      }
      record.add(
        key.getUint32(this.#octave.u32('octave'), true),
        row.getUint32(this.#calls.u32('errors'), true),
        readU64(row, this.#calls.u64('sum_ns')),
        new Uint32Array(row.buffer, row.byteOffset + this.#counts, OCTAVE_BUCKETS),
      )
    }
    return new CompatCalls([...rows.values()])
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

/** A record, of which the kernel side has an entry for each octave of its durations. */
class CompatCall implements CallRecord {
  readonly process: number
  /** The number, marked with COMPAT_BIT where it is one of the 32-bit table. */
  readonly call: number
  readonly failures: readonly FailureRecord[]
  readonly max: number
  errors = 0
  untimed = 0
  sum = 0
  /** For each octave of the kernel side 1 + the index of its counts. */
  readonly octaves = new Uint32Array(KERNEL_OCTAVES)
  counts = new Uint32Array(0)

  constructor(process: number, call: number, failures: readonly FailureRecord[], max: number) {
    this.process = process
    this.call = call
    this.failures = failures
    this.max = max
  }

  get number(): number {
    return this.call & ~COMPAT_BIT
  }

  get abi(): 'native' | 'compat' {
    return this.call & COMPAT_BIT ? 'compat' : 'native'
  }

  get durations(): Histogram {
    return new Counts(this.sum, this.max, this.octaves, this.counts)
  }

  /** One entry; calls without a duration are behind the last octave. */
  add(octave: number, errors: number, sum: number, counts: Uint32Array): void {
    this.errors += errors
    this.sum += sum
    if (octave >= KERNEL_OCTAVES) {
      this.untimed += counts[0] ?? 0
      return
    }
    const all = new Uint32Array(this.counts.length + OCTAVE_BUCKETS)
    all.set(this.counts)
    all.set(counts, this.counts.length)
    this.counts = all
    this.octaves[octave] = all.length / OCTAVE_BUCKETS
  }

  addTo(sums: CallSums, totals: CallTotals, processes: number): void {
    totals.process = processes + this.process
    totals.call = this.call
    totals.errors = this.errors
    totals.untimed = this.untimed
    totals.sum = this.sum
    totals.max = this.max
    totals.lowOctaves = 0
    totals.highOctaves = 0
    for (const [octave, place] of this.octaves.entries()) {
      if (place === 0) continue
      if (octave < 32) totals.lowOctaves |= 1 << octave
      else totals.highOctaves |= 1 << (octave - 32)
    }
    sums.add(totals, this.octaves, 0, this.counts)
  }
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

  at(index: number, processes = 0): CallRecord | undefined {
    const record = this.#records[index]
    if (record === undefined || processes === 0) return record
    const { number, abi, errors, failures, untimed, durations } = record
    return { process: processes + record.process, number, abi, errors, failures, untimed, durations }
  }

  addTo(sums: CallSums, from: number, to: number, processes = 0): void {
    const totals = new CallTotals()
    for (const record of this.#records.slice(from, to)) record.addTo(sums, totals, processes)
  }

  /** They were taken out of the maps. */
  keep(): void {}

  release(): void {}
}

/** The greatest of the values of all processors. */
function greatest(values: DataView): number {
  let greatest = 0
  for (let at = 0; at < values.byteLength; at += 8) greatest = Math.max(greatest, readU64(values, at))
  return greatest
}
