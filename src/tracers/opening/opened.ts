import type { Owner } from '../../bpf/verifier.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Opener } from './opener.ts'

/** What a tracer is opened with, once it is decided how each need is met. */
export interface Opened {
  readonly plan: Plan
  /** Has the objects of the ways that were chosen. */
  readonly opener: Opener
  /** Whether a process is this program, or a child of it: those have no rows. */
  isOwn(pid: number): boolean
  /** Number of this process as the kernel side counts them; null: not known. */
  readonly self: number | null
  /** The filter in the kernel; none: all processes. */
  pids(): readonly number[]
  /** Kernel type information from this file; null: the kernel's own. */
  readonly btf: string | null
  /** Whose the files are that are written before root is left; null: who runs this. */
  readonly owner: Owner | null
  /** Open maps besides those of the opener: what they take of the kernel's memory is told. */
  readonly maps: number[]
  /** What is to be done when all is closed. */
  onClose(close: () => void): void
}
