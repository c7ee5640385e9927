/** What the command line asks for, checked. */

import type { OutputFormat } from '../batch/format.ts'
import type { ExportOptions } from '../otel/settings/settings.ts'
import type { User } from '../rights/user.ts'
import type { TracerFile } from '../tracers/object/tracer-file.ts'

export interface Options {
  /** Where the samples go: the screen, stdout, or only to the exporter. */
  readonly mode: 'screen' | 'batch' | 'headless'
  /** Only these processes; empty: all. */
  readonly pids: readonly number[]
  readonly intervalSeconds: number
  /** End after this many samples; null: run until stopped. */
  readonly iterations: number | null
  readonly output: OutputFormat
  /** One of the registry. */
  readonly view: string
  /** Column id or heading, known to at least one table of the view; null: each table's own order. */
  readonly sort: string | null
  /** Only rows with this text; empty: all. */
  readonly filter: string
  readonly export: ExportOptions | null
  /** A system call that takes at least so long is slow, in nanoseconds. */
  readonly slowNs: number
  /** Measure what the BPF programs cost, from the start. */
  readonly cost: boolean
  /** The screen may have colours. */
  readonly colour: boolean
  /** When the screen is to come before all ordinary processes: from its start, once a person asks for it, or never. */
  readonly realtime: 'now' | 'asked' | 'never'
  /** BPF objects that become tables: those that come with the program, and the user's own. */
  readonly tracers: readonly TracerFile[]
  /** Whom to become after the start; null: the user who called sudo, or `nobody`. */
  readonly user: User | null
  /** Stay root. */
  readonly keepRoot: boolean
  readonly compat: boolean
  /** File with kernel type information; null: the kernel's own. */
  readonly btf: string | null
}

/** What is to be done. */
export type Command =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version'; readonly text: string }
  | { readonly kind: 'new-tracer'; readonly name: string }
  | { readonly kind: 'doctor'; readonly options: Options }
  | { readonly kind: 'run'; readonly options: Options }
