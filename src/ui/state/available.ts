/** What can be done in a state: by this the keys show themselves, or do not. */

import { OVERVIEW } from '../../tracers/registry.ts'
import { processOf } from '../pages/page.ts'
import { activeTable, listedAs, type State, tablesInSight, topPage } from './state.ts'

export function hasPids(state: State): boolean {
  const page = topPage(state)
  if (page !== undefined && processOf(page.what) !== null) return true
  return listedAs(state, activeTable(state)).pid !== undefined
}

export function isPicking(state: State): boolean {
  return state.picking !== null
}

export function opens(state: State): boolean {
  return !isPicking(state) && listedAs(state, activeTable(state)).opens !== undefined
}

export function hasAddresses(state: State): boolean {
  return tablesInSight(state).some(name => listedAs(state, name).columns.some(({ named }) => named !== undefined))
}

export function hasIdle(state: State): boolean {
  return listedAs(state, activeTable(state)).idle !== undefined
}

export function hasClosed(state: State): boolean {
  return listedAs(state, activeTable(state)).lingering === true
}

export function isLate(state: State): boolean {
  return state.realtime === true || (state.realtime === false && state.late !== null)
}

export function hasSeveral(state: State): boolean {
  return topPage(state) !== undefined || state.view === OVERVIEW
}

export function canGoBack(state: State): boolean {
  const { help, picking, filter, pids, pages } = state
  return help !== null || picking !== null || filter !== '' || pids.length > 0 || pages.length > 0
}
