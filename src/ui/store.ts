/** The state of the screen, who hears of its changes, and the session that follows it. */

import type { Session } from '../session.ts'
import { sanitize } from '../table/format.ts'
import type { Machine } from './prompt.ts'
import { type Event, reduce } from './reduce.ts'
import type { State } from './state.ts'
import type { Source } from './view.tsx'

export interface Store extends Source {
  get(): State
  /** Takes the events in one after the other; the view hears of the last state only. */
  dispatch(events: readonly Event[]): void
}

export function createStore(initial: State, session: Session, machine: Machine): Store {
  let state = initial
  const listeners = new Set<() => void>()
  return {
    get: () => state,
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    dispatch(events) {
      const before = state
      for (const event of events) state = steered(session, state, reduce(state, event, machine))
      if (state !== before) for (const changed of listeners) changed()
    },
  }
}

/** `next`, after the session has been told what differs from `before`; what it refuses stays as it was. */
function steered(session: Session, before: State, next: State): State {
  try {
    if (next.pids !== before.pids) session.setFilter(next.pids)
    if (next.interval !== before.interval) session.setInterval(next.interval)
    if (next.costing !== before.costing) session.measureCost(next.costing)
    return next
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const { pids, interval, costing } = before
    return { ...next, pids, interval, costing, message: sanitize(message) }
  }
}
