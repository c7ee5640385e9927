import { readU64 } from '../bpf/btf/layout.ts'
import type { ArrayMap, BpfObject } from '../bpf/object.ts'

/**
 * Why events are in no row: `no_row`: all rows of the interval were taken; `no_memory`: the kernel had none for their
 * state; `missed`: it left a program out because that was running already; `dropped`: a queue on the way was full.
 */
export type LossReason = 'no_row' | 'no_memory' | 'missed' | 'dropped'

/** Lost events by reason; a reason that is absent lost none. */
export type Losses = Readonly<Partial<Record<LossReason, number>>>

/** Lost events of one kind, for one reason; see `src/tracers/loss.ts` for the reasons. */
export interface LossRow {
  /** Kind of event that was lost. */
  readonly tracer: string
  /**
   * Reason: `no_row` (all rows of the interval were taken), `no_memory` (the kernel had none), `missed` (the kernel did not run
   * the program, which was running already), `dropped` (a queue of the kernel was full).
   */
  readonly reason: string
  /** Events lost. */
  readonly count: number
}

/** What a tracer lost, a row for each reason that lost any. */
export function lossRows(tracer: string, losses: Losses): LossRow[] {
  return Object.entries(losses)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => ({ tracer, reason, count }))
}

/** What a tracer could not count: its counters in the kernel, and runs that the kernel left out. */
export class Loss {
  readonly #object: BpfObject
  readonly #state: ArrayMap
  readonly #offsets: readonly (readonly [LossReason, number])[]
  readonly #programs: ReadonlySet<string>
  readonly #stoodIn: number | null
  #missed = -Infinity
  readonly #since = new Since()

  /**
   * @param counters members of the state's struct, by what they count
   * @param programs those of the object that count for it
   * @param stoodIn member of the state's struct that counts the runs of these that another program made good
   */
  constructor(
    object: BpfObject,
    state: ArrayMap,
    counters: Readonly<Partial<Record<LossReason, string>>>,
    programs: ReadonlySet<string>,
    stoodIn: string | null = null,
  ) {
    this.#object = object
    this.#programs = programs
    this.#state = state
    this.#stoodIn = stoodIn === null ? null : state.layout.u64(stoodIn)
    this.#offsets = REASONS.flatMap(reason => {
      const member = counters[reason]
      return member === undefined ? [] : [[reason, state.layout.u64(member)] as const]
    })
  }

  /** Events lost since the last call. */
  take(): Losses {
    const counted = this.#offsets.map(([reason, offset]) => [reason, readU64(this.#state.view, offset)] as const)
    return this.#since.take(addLosses(Object.fromEntries(counted), { missed: this.#missedRuns() }))
  }

  /** Runs that were left out and that nobody made good, so far. */
  #missedRuns(): number {
    const missed = missedRuns(this.#object, this.#programs)
    const stoodIn = this.#stoodIn === null ? 0 : readU64(this.#state.view, this.#stoodIn)
    // one that is made good between these two lines was missed after the first: too low, until the next time
    this.#missed = Math.max(this.#missed, missed - stoodIn)
    return this.#missed
  }
}

const REASONS: readonly LossReason[] = ['no_row', 'no_memory', 'missed', 'dropped']

/** From counters that only grow to what came since the last time. */
export class Since {
  #before: Losses = {}

  take(totals: Losses): Losses {
    const since = Object.fromEntries(
      REASONS.map(reason => [reason, (totals[reason] ?? 0) - (this.#before[reason] ?? 0)]),
    )
    this.#before = totals
    return since
  }
}

/** Runs of an object's programs that the kernel left out, since it was loaded: of all, or of those named. */
export function missedRuns(object: BpfObject, programs: ReadonlySet<string> | null = null): number {
  return object.statistics(programs).reduce((sum, program) => sum + program.missed, 0)
}

/** Lost events, whatever the reason. */
export function totalLost(losses: Losses): number {
  return Object.values(losses).reduce((sum, count) => sum + count, 0)
}

export function addLosses(a: Losses, b: Losses): Losses {
  return Object.fromEntries(REASONS.map(reason => [reason, (a[reason] ?? 0) + (b[reason] ?? 0)]))
}
