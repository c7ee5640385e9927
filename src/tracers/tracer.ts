/** What a tracer is: the phases of an interval that it takes part in. Whoever makes samples knows tracers by this alone. */

import type { Times } from '../bpf/clock.ts'
import type { Losses } from './loss.ts'
import type { Reading } from './reading.ts'

/** How full a BPF map was in this interval, in entries. */
export interface MapUsage {
  /** Name of the BPF map. */
  readonly name: string
  /** Entries in use in this interval. */
  readonly used: number
  /** Most entries that it can hold. */
  readonly limit: number
}

/** Rows that the kernel side writes in two halves, in each interval in turn. */
export interface IntervalRows {
  /** Makes the half of the interval to come empty. */
  prepare(epoch: number): void
  /**
   * Whether the rows of an interval are still as they were read, and so need not be read again when they are at rest.
   * Absent where they can be read only once.
   */
  asRead?(epoch: number): boolean
  /** What part of the rows of an interval is taken, now; absent where nothing fills up. */
  fill?(epoch: number): number
  /** How full the half of an interval was; absent where that cannot be told. */
  usage?(epoch: number): MapUsage | readonly MapUsage[] | undefined
}

export interface LossCounter {
  /** Events lost since the last call. */
  take(): Losses
}

/** The interval that a sample is of. */
export interface Interval {
  /** The last interval of the kernel side in it. */
  readonly epoch: number
  /** The filter in the kernel; empty: all processes. */
  readonly pids: readonly number[]
  /** On the monotonic clock. */
  readonly endedNs: number
  /** Unix time of what the kernel told. */
  readonly times: Times
}

/** The table of a tracer, its part table alone, or neither. */
export type Wanted = 'all' | 'part' | 'nothing'

/** Members that are absent: it has no part in that phase. */
export interface Tracer {
  /** As in `sources`, `lost` and notes of a sample. */
  readonly name: string
  /** How its numbers are measured, for `sources`; absent: it has no kind of numbers of its own. */
  readonly source?: string
  /** Names of the tracers whose part in a phase comes before its own. */
  readonly after?: readonly string[]
  /** What belongs to the interval but is only to be had by looking: it may take its time. */
  beforeEnd?(): Promise<void>
  readonly rows?: readonly IntervalRows[]
  /** Keeps what an interval of the kernel side holds that ended before the sample does. To be called once for each. */
  early?(epoch: number): Generator<void, void>
  /**
   * Reads what it has of an interval of the kernel side, and of those that were kept. That is done again, into another
   * reading, where rows were not at rest. Yields now and then, where it can be laid aside, and what is to be waited for.
   */
  read?(into: Reading, interval: Interval): Generator<void | Promise<void>, void>
  /** The pid filter in the kernel is another one from now on. */
  filterChanged?(): void
  /** The one table that it fills: see `want`. */
  readonly table?: string
  /** Shows a part of the rows of that table. */
  readonly partTable?: string
  /** What somebody looks at. The rest it need not find out. */
  want?(wanted: Wanted): void
  /** The sample has been made: what was kept for it is not needed any more. */
  turn?(): void
  /** Events that are in no row, since the last call. */
  lost?(): Losses
  /** What it loses is counted by another tracer all the same, so that it is none of the `losses`. */
  readonly countedElsewhere?: true
  /** What it cannot see for now, and why, a line each. */
  notes?(): readonly string[]
}

/**
 * The tracers in the order of their parts in each phase: each behind those that it comes after, and else as they are given.
 * Throws where there is no such order, or one comes after a tracer that is not there.
 */
export function inOrder(tracers: readonly Tracer[]): Tracer[] {
  const ordered: Tracer[] = []
  const place = (tracer: Tracer, waiting: readonly string[]): void => {
    if (ordered.includes(tracer)) return
    if (waiting.includes(tracer.name)) throw new RangeError(`tracers wait for each other: ${waiting.join(', ')}`)
    for (const name of tracer.after ?? []) {
      const before = tracers.find(other => other.name === name)
      if (before === undefined) throw new RangeError(`${tracer.name} comes after ${name}, which is no tracer`)
      place(before, [...waiting, tracer.name])
    }
    ordered.push(tracer)
  }
  for (const tracer of tracers) place(tracer, [])
  return ordered
}
