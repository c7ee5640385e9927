/** Samples made by hand, with calls whose sums the tests know. */

import * as otel from '../../../src/otel/metrics/accumulate.ts'
import type { FreshSample } from '../../../src/sample/sample.ts'
import { HistogramSum } from '../../../src/table/histogram.ts'
import type { ProcessRow } from '../../../src/tracers/processes/row.ts'
import type { CallRow } from '../../../src/tracers/syscalls/row.ts'
import { toEnd } from '../../support/generators.ts'
import type { SampleParts } from '../../support/samples.ts'
import { processRow, sampleOf } from '../../support/samples.ts'

/** One that does everything at once. */
export class Accumulator extends otel.Accumulator {
  takeAll(sample: FreshSample): void {
    toEnd(this.take(sample))
  }

  #last: otel.Collection | null = null

  collectAll(): otel.Collection | null {
    this.#last = toEnd(this.collect())
    return this.#last
  }

  /** What was collected last has arrived. */
  deliverAll(): void {
    if (this.#last !== null) this.delivered(this.#last)
  }
}

/** Calls of one process, all in the bucket of 1 to 2 us (2^10 units of 2^-30 s). */
export function callRow(pid: number, count: number, change: Partial<CallRow> = {}): CallRow {
  const durations = new HistogramSum()
  if (count > 0) durations.addCount(80, count)
  durations.sum = count * 1500
  durations.max = count === 0 ? 0 : 1900
  const process_started_ns = processRow().started_ns
  return {
    pid,
    process_started_ns,
    syscall: 'read',
    id: 0,
    abi: 'native',
    errors: 0,
    failures: [],
    untimed: 0,
    durations,
    ...change,
  }
}

/** A process that moves no bytes. */
export function quietProcess(pid: number, name: string, change: Partial<ProcessRow> = {}): ProcessRow {
  const none = { sent_bytes: 0, received_bytes: 0 }
  return processRow({
    pid,
    name,
    ...none,
    transports: { tcp: none, udp: none, other: none },
    ...change,
  })
}

const START_MS = Date.parse('2026-01-01T12:00:00.000Z')

/** FreshSample number `index` of a run with one each second, in which processes made so many reads. */
export function sampleWith(
  index: number,
  calls: ReadonlyMap<string, number>,
  change: Partial<SampleParts> = {},
): FreshSample {
  const pids = [...calls.keys()]
  return sampleOf({
    time: new Date(START_MS + index * 1000).toISOString(),
    processes: pids.map((name, i) => quietProcess(i + 1, name)),
    calls: [...calls.values()].map((count, i) => callRow(i + 1, count)),
    connections: [],
    ...change,
  })
}

export { START_MS }
