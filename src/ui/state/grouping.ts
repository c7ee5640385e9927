/** Connections in groups: turning through the groupings. */

import { GROUPINGS, groupTables } from '../../tracers/connections/groups/table.ts'
import { GROUPS, type State, tableState, withTable } from './state.ts'
import { AT_TOP } from './table-state.ts'

/** The next grouping: none, then each in turn. */
export function turnGrouping(state: State): State {
  const next = state.grouping === null ? GROUPINGS[0] : GROUPINGS[GROUPINGS.indexOf(state.grouping) + 1]
  const grouping = next ?? null
  const turned: State = { ...state, grouping }
  if (grouping === null) return turned
  const { columns, defaultSort } = groupTables[grouping]
  const { order } = tableState(state, GROUPS)
  // the columns of what they are grouped by differ
  const sortable = columns.some(column => column.id === order.column)
  return withTable(turned, GROUPS, {
    order: sortable ? order : { column: defaultSort, reversed: false },
    pinned: sortable ? order.column : defaultSort,
    ...AT_TOP,
  })
}
