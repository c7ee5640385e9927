import type { Plan } from '../plan/plan.ts'
import type { Opener } from './opener.ts'

/** What a tracer is opened with, once it is decided how each need is met. */
export interface Opened {
  readonly plan: Plan
  /** Has the objects of the ways that were chosen. */
  readonly opener: Opener
  /** Whether a process is this program, or a child of it: those have no rows. */
  isOwn(pid: number): boolean
}
