/**
 * A sample is what all tracers saw in one interval. It is immutable; sinks (screen, batch output, OTLP) take it and
 * never reach behind it. The field names of the rows are the JSON contract: they are printed as they stand, and docs/columns.md
 * is made from the comments of the fields. Where a field may be null, its comment ends with `null: ` and says when.
 */

import type { Duration } from '../table/histogram.ts'
import type { Tables } from '../table/tables.ts'
import type { LossRow } from '../tracers/loss.ts'
import type { CallRow } from '../tracers/syscalls/row.ts'
import type { MapUsage } from '../tracers/tracer.ts'

/** Events of this interval that are in no row. */
export interface Lost {
  /** Lost system calls. */
  readonly syscalls: number
  /** Lost connections, counted when they end. */
  readonly connections: number
  /** Lost sends and receives. */
  readonly bytes: number
  /** Slow calls without a row in `slow_calls`; in `syscalls` they are counted like all others. */
  readonly slow_calls: number
}

export const NOTHING_LOST: Lost = { syscalls: 0, connections: 0, bytes: 0, slow_calls: 0 }

/**
 * How each kind of number is measured, as `hook` or `hook+hook`; `none` where the kernel offers no way, and
 * `none (reason)` where reading it failed in this interval.
 */
export type Sources = {
  /** Source of system calls and processes. */
  readonly syscalls: string
  /** Source of TCP connections and listening sockets. */
  readonly connections: string
  /** Source of the bytes of processes. */
  readonly bytes: string
  /** Source of system calls in flight. */
  readonly in_flight: string
}

export const NOT_MEASURED: Sources = { syscalls: 'none', connections: 'none', bytes: 'none', in_flight: 'none' }

/** What watching cost in this interval. */
export interface SelfUsage {
  /** CPU time of the program, without its BPF programs. */
  readonly cpu_seconds: number
  /** Resident memory of the program, in which pages of Node's program file and of maps are, whoever shares them. */
  readonly resident_bytes: number
  /** Memory of the program that nothing else has part in (`RssAnon`): what the machine is short of because of it. */
  readonly private_bytes: number
  /**
   * Memory of the kernel that its BPF maps take, as the kernel accounts it, some seconds old at most. null: the kernel does
   * not tell.
   */
  readonly map_bytes: number | null
  /** CPU time of its BPF programs, on all CPUs. null: not measured, because measuring costs too (`--cost`, key `c`). */
  readonly bpf_seconds: number | null
  /** Time from the end of the interval until the sample was complete. */
  readonly sample_seconds: number
}

/** What a sample says besides its tables. */
export interface SampleFacts {
  /** End of the interval, ISO 8601 in UTC. */
  readonly time: string
  /** Length of the interval. */
  readonly interval_seconds: number
  /** Filter in the kernel. */
  readonly filter: {
    /** Process ids that are watched (`-p`, key `P`); empty: all processes. */
    readonly pids: readonly number[]
  }
  /**
   * Durations of all system calls but those that wait by their nature, such as poll, epoll_wait, futex, nanosleep, accept, wait4;
   * all 0 where no call was timed.
   */
  readonly duration_ns: Duration
  /** How each kind of number is measured: `hook` or `hook+hook`; `none` where this kernel offers no way. */
  readonly sources: Sources
  /** Events of this interval that are in no row. */
  readonly lost: Lost
  /** Lost events by kind and reason, without slow calls; only those that there were. */
  readonly losses: readonly LossRow[]
  /** What cannot be seen at present, and why; one line each. */
  readonly notes: readonly string[]
  /** What watching cost in this interval. */
  readonly self: SelfUsage
  /** How full the BPF maps were. */
  readonly maps: readonly MapUsage[]
}

/** What can be read of a sample for as long as somebody has it. */
export interface Sample extends SampleFacts {
  /** The rows of this interval by their tables. */
  readonly tables: Tables
}

/** A sample as a sink is given it: it can be read until the sink has taken it, and not after that. */
export interface FreshSample extends Sample {
  /** Made while they are gone through, where the kernel side wrote them. */
  readonly calls: Iterable<CallRow>
  /** What of it can be kept. */
  hold(): HeldSample
}

declare const held: unique symbol

/** A sample that can be read until it is released: nothing else may be kept. Reading a row after that is an error. */
export interface HeldSample extends Sample {
  readonly [held]: true
  /** To be called once, by whoever held it. */
  release(): void
}
