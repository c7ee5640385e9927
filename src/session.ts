/** What flows back from a sink to the kernel side: the only way in which the screen steers the measuring. */

import type { Owner } from './bpf/verifier.ts'
import type { About } from './facts/about.ts'
import type { Means } from './plan/plan.ts'
import type { FreshSample } from './sample/sample.ts'
import type { ProcessKey } from './table/table.ts'

export interface Session {
  /** Only these processes are traced from now on, filtered in the kernel; none: all. The next sample says so. */
  setFilter(pids: readonly number[]): void
  /** Length of the intervals from the next one on, in seconds. */
  setInterval(seconds: number): void
  /** Only these tables are looked at from the next sample on, where looking takes something; null: all of them. */
  show(tables: readonly string[] | null): void
  /** Asks who a process is, beyond what samples say; tells what is known, and again when more is. */
  describe(process: ProcessKey, told: (about: About) => void): void
  /** Whether the samples say what the BPF programs cost; finding that out costs too. */
  measureCost(on: boolean): void
}

/** Facts of the machine that stay the same while the program runs. */
export interface Host {
  readonly name: string
  readonly kernel: string
  readonly cpus: number
  /** How each need is met on it. */
  readonly means: readonly Means[]
  /** As whom the program runs, and with which rights. */
  readonly rights: string
  /** What cannot be measured on it or not as well as it could be, and why, a line each. */
  readonly notes: readonly string[]
}

/** Takes samples. */
export interface Sink {
  /**
   * A sink for which the newest sample is enough (the screen) takes it at once and returns nothing; it never holds up
   * the sampler. One that must not miss any (batch output) may return a promise: the next sample waits for it, and its
   * interval is as much longer, so that all samples together stay exact however slowly they are read. What it
   * wants to read after that it holds.
   */
  take(sample: FreshSample): void | Promise<void>
  /** The sampler failed and sends nothing more. */
  fail(error: Error): void
}

/** Makes samples of the running kernel, one an interval. */
export interface Sampler extends Session {
  readonly host: Host
  /** Gives every sample to `sink`; ends after the wanted number of samples or after `stop`. */
  run(sink: Sink): Promise<void>
  /** Ends the interval now, and `run` with the sample of it. */
  finish(): void
  /** Ends `run` without a sample of the current interval. */
  stop(): void
  /** Detaches everything from the kernel. */
  close(): void
}

/** What is measured, as the command line says it. */
export interface SamplerSettings {
  /** Only these processes; empty: all. */
  readonly pids: readonly number[]
  readonly intervalSeconds: number
  /** Length of the first interval, if it is to be shorter: a person who waits sees something at once. */
  readonly firstIntervalSeconds?: number
  /** Samples to take; null: until it is stopped. */
  readonly iterations: number | null
  /** System calls that take at least so long are told one by one, in nanoseconds; 0: none. */
  readonly slowNs?: number
  /** Use only what compatible mode uses, whatever the kernel offers. */
  readonly compat: boolean
  /** Kernel type information from this file; null: the kernel's own. */
  readonly btf?: string | null
  /** The tables that are looked at first, see `Session.show`; absent: all. */
  readonly shown?: readonly string[] | null
  /** Measure what the BPF programs cost, from the start. */
  readonly cost?: boolean
  /** Whose the files are that are written before root is left; null: who runs this. */
  readonly owner?: Owner | null
}
