/** Connections in groups: turning through the groupings, opening a group, closing it. */

import { GROUPINGS, groupKey, groupTables, groupTitle } from '../../tracers/connections/groups/table.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { meantRow } from './listing.ts'
import { AT_TOP, GROUPS, type State, tableState, withTable } from './state.ts'

/** The next grouping: none, then each in turn. */
export function turnGrouping(state: State): State {
  const next = state.grouping === null ? GROUPINGS[0] : GROUPINGS[GROUPINGS.indexOf(state.grouping) + 1]
  const grouping = next ?? null
  const turned: State = { ...state, grouping, group: null }
  if (grouping === null) return turned
  const { columns, defaultSort } = groupTables[grouping]
  const { order } = tableState(state, GROUPS)
  // the columns of what they are grouped by differ
  const sortable = columns.some(column => column.id === order.column)
  return withTable(turned, GROUPS, {
    order: sortable ? order : { column: defaultSort, reversed: false },
    ...AT_TOP,
  })
}

/** Shows the connections of the selected group alone. */
export function openGroup(state: State): State {
  const { grouping, shown } = state
  const meant = meantRow(state, GROUPS)
  if (grouping === null || shown === null || meant === null) return state
  const { key } = meant
  const example = shown.sample.tables.of(connectionTable).find(row => groupKey(row, grouping) === key)
  if (example === undefined) return state
  const opened: State = { ...state, group: { key, title: groupTitle(example, grouping) } }
  return withTable(opened, connectionTable.name, AT_TOP)
}
