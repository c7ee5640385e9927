/** The state of the screen, and the session that follows it. */

import type { Session } from '../session.ts'
import { sanitize } from '../table/format.ts'
import type { Machine } from './prompt.ts'
import { type Event, reduce } from './reduce.ts'
import type { State } from './state.ts'

export interface Store {
  get(): State
  /** Takes the events in one after the other. */
  dispatch(events: readonly Event[]): void
}

/** @param changed called after each `dispatch` that changed the state */
export function createStore(initial: State, session: Session, machine: Machine, changed: () => void): Store {
  let state = initial
  return {
    get: () => state,
    dispatch(events) {
      const before = state
      for (const event of events) state = steered(session, state, reduce(state, event, machine))
      if (state !== before) changed()
    },
  }
}

/** `next`, after the session and the sample have been told what differs from `before`; what they refuse stays as it was. */
function steered(session: Session, before: State, next: State): State {
  try {
    if (next.pids !== before.pids) session.setFilter(next.pids)
    if (next.interval !== before.interval) session.setInterval(next.interval)
    if (next.costing !== before.costing) session.measureCost(next.costing)
    if (next.pause !== null && before.pause === null) next.shown?.sample.keep()
    return next
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const { pids, interval, costing } = before
    return { ...next, pids, interval, costing, message: sanitize(message) }
  }
}
