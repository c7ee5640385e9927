/** The state of the screen, and the session that follows it. */

import type { HeldSample } from '../../sample/sample.ts'
import type { Session } from '../../session.ts'
import { sanitize } from '../../text/text.ts'
import type { Machine } from '../prompt/prompt.ts'
import { type Event, reduce } from './reduce.ts'
import { type State, tablesInSight } from './state.ts'

/** What is said where `Priority.raise` is refused. */
export const NOT_PERMITTED = 'real-time priority needs CAP_SYS_NICE'

/** Which processes come first: this program, before all ordinary ones, or not. */
export interface Priority {
  /** False where the kernel refuses. */
  raise(): boolean
  lower(): void
  /** Is told when it was lowered because the program took too much, and how much: a part of one processor. */
  onLowered: (share: number) => void
}

/** What follows the state. */
export interface Steered {
  readonly session: Session
  /** Null: it stays as it is. */
  readonly priority: Priority | null
}

export interface Store {
  get(): State
  /** Takes the events in one after the other. */
  dispatch(events: readonly Event[]): void
}

/** @param changed called after each `dispatch` that changed the state */
export function createStore(initial: State, steered: Steered, machine: Machine, changed: () => void): Store {
  let state = initial
  return {
    get: () => state,
    dispatch(events) {
      const before = state
      for (const event of events) {
        const next = steer(steered, state, reduce(state, event, machine))
        releaseAllBut(samplesOf(next), [...samplesOf(state), ...(event.type === 'sample' ? [event.sample] : [])])
        state = next
      }
      if (state !== before) changed()
    },
  }
}

/** `next`, after the session and the sample have been told what differs from `before`; what they refuse stays as it was. */
function steer({ session, priority }: Steered, before: State, next: State): State {
  try {
    if (next.pids !== before.pids) session.setFilter(next.pids)
    const inSight = tablesInSight(next)
    if (inSight.join() !== tablesInSight(before).join()) session.show(inSight)
    if (next.interval !== before.interval) session.setInterval(next.interval)
    if (next.realtime !== before.realtime) hurry(priority, next.realtime === true)
    if (next.costing !== before.costing) session.measureCost(next.costing)
    return next
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const { pids, interval, costing, realtime } = before
    return { ...next, pids, interval, costing, realtime, message: sanitize(message) }
  }
}

/** The samples that the state holds. */
function samplesOf({ shown, latest }: State): readonly HeldSample[] {
  return [shown, latest].flatMap(moment => moment?.sample ?? [])
}

function releaseAllBut(kept: readonly HeldSample[], held: readonly HeldSample[]): void {
  for (const sample of held) if (!kept.includes(sample)) sample.release()
}

function hurry(priority: Priority | null, first: boolean): void {
  if (!first) priority?.lower()
  else if (priority?.raise() === false) throw new Error(NOT_PERMITTED)
}
