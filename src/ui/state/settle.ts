/** What follows each change: the cursors stay in sight. */

import { processTable } from '../../tracers/processes/table.ts'
import { OVERVIEW } from '../../tracers/registry.ts'
import { keptRow } from './kept.ts'
import { layout, rowsNeeded, stuckRows } from './layout.ts'
import { cursorIndex, isLeftOut, listing, placeCount, placesFrom } from './listing.ts'
import { listedAs, listFor, STUCK, type State, tableState, tablesInSight, withTable } from './state.ts'

/** The visible tables with their cursor in sight, on the row that it follows. `slides`: not by the user's own doing. */
export function settle(state: State, slides = false): State {
  const shared = state.pages.length > 0 || state.view === OVERVIEW
  const roomy = shared
    ? tablesInSight(state).reduce((roomy, name) => withNeed(roomy, listFor(roomy, name)), inFocus(state))
    : state
  return layout(roomy)
    .flat()
    .reduce((settled, pane) => settleTable(restore(settled, pane.table), pane.table, pane.rows, slides), roomy)
}

/** Where the table in focus has gone, that of the processes is. */
function inFocus(state: State): State {
  return state.focus === STUCK && stuckRows(state) === 0 ? { ...state, focus: processTable.name } : state
}

function withNeed(state: State, name: string): State {
  if (state.shown === null) return state
  const until = tableState(state, name).need
  const need = rowsNeeded(listing(state, name).rows.length, until)
  return need === until ? state : withTable(state, name, { need })
}

/** The cursor on the row that the user has put it on, where a filter left that out and does so no longer. */
function restore(state: State, name: string): State {
  const { hidden } = tableState(state, name)
  if (hidden === null || isLeftOut(state, name, hidden)) return state
  return withTable(state, name, { kept: hidden, hidden: null, slid: null })
}

function settleTable(state: State, name: string, visible: number, slides: boolean): State {
  const now = tableState(state, name)
  const index = cursorIndex(state, name, visible)
  const [place] = index < 0 ? [] : placesFrom(state, name, index, 1)
  if (place === undefined) return state
  const kept = 'absent' in place || place.row === now.kept?.row ? now.kept : keptRow(listedAs(state, name), place.row)
  const isOther = now.kept !== null && kept?.key !== now.kept.key
  const slid = !isOther ? now.slid : slides && now.kept !== null ? { from: now.kept, at: state.now } : null
  const isHidden = isOther && now.chosen && now.kept !== null && isLeftOut(state, name, now.kept)
  const hidden = now.hidden ?? (isHidden ? now.kept : null)
  const lastTop = Math.max(0, placeCount(state, name) - visible)
  const top = Math.max(0, Math.min(lastTop, Math.max(index - visible + 1, Math.min(index, now.top))))
  if (index === now.index && kept === now.kept && top === now.top && slid === now.slid) return state
  return withTable(state, name, { index, kept, hidden, top, slid })
}
