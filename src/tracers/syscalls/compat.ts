import { readU64, type StructLayout } from '../../bpf/btf/layout.ts'
import type { KeyedMap } from '../../bpf/maps/hash.ts'
import type { BpfObject } from '../../bpf/object.ts'
import { KERNEL_OCTAVES, OCTAVE_BUCKETS } from '../../table/histogram.ts'
import { CompatFilling } from '../compat/filling.ts'
import { CompatLoss } from '../compat/loss.ts'
import type { CompatProcesses } from '../processes/compat.ts'
import type { CallRecords } from './call-records.ts'
import { KeptCalls } from './kept-calls.ts'
import { checkConstants } from './tracer.ts'

type Maps = Record<'calls' | 'longest' | 'failures', KeyedMap>

/** Every system call of every watched process, in compatible mode. */
export class CompatSyscalls {
  readonly source: string
  /** What was read was taken out. */
  readonly rows = {
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
    checkConstants(object)
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
    const calls = new KeptCalls()
    for (const [key, row] of maps.calls.drain()) {
      const process = this.#processOf(this.#octave, key)
      if (process < 0) continue
      const call = key.getUint32(this.#octave.u32('call'), true)
      const octave = key.getUint32(this.#octave.u32('octave'), true)
      const count = (bucket: number): number => row.getUint32(this.#counts + 4 * bucket, true)
      // calls without a duration are behind the last octave
      const isTimed = octave < KERNEL_OCTAVES
      const errors = row.getUint32(this.#calls.u32('errors'), true)
      calls.addTotals(process, call, errors, isTimed ? 0 : count(0), readU64(row, this.#calls.u64('sum_ns')))
      if (isTimed) calls.addOctave(process, call, octave, count)
    }
    for (const [key, values] of maps.longest.drain()) {
      const process = this.#processOf(this.#call, key)
      const call = key.getUint32(this.#call.u32('call'), true)
      if (calls.hasPair(process, call)) calls.raiseMax(process, call, greatest(values))
    }
    for (const [key, count] of maps.failures.drain()) {
      const process = this.#processOf(this.#failure, key)
      const call = key.getUint32(this.#failure.u32('call'), true)
      const errno = key.getUint32(this.#failure.u32('number'), true)
      if (calls.hasPair(process, call)) calls.addFailure(process, call, errno, count.getUint32(0, true))
    }
    return calls
  }

  /** Index of the process of a key among the records that were read last; -1: it has none. */
  #processOf(layout: StructLayout, key: DataView): number {
    return this.#processes.indexOf(key.getUint32(layout.u32('process'), true))
  }
}

/** The greatest of the values of all processors. */
function greatest(values: DataView): number {
  let greatest = 0
  for (let at = 0; at < values.byteLength; at += 8) greatest = Math.max(greatest, readU64(values, at))
  return greatest
}
