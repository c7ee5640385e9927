/** Which names the screen has a use for. */

import type { Names } from '../../names/names.ts'
import { layout } from './layout.ts'
import { visibleRows } from './listing.ts'
import { listedAs, type State } from './state.ts'

/** The addresses whose names would be on the screen now, from the top: found by asking the columns what they ask for. */
export function addressesInSight(state: State): readonly string[] {
  const asked = new Set<string>()
  const listener: Names = {
    host(address) {
      asked.add(address)
      return null
    },
    service: () => null,
  }
  for (const pane of layout(state).flat()) {
    const columns = listedAs(state, pane.table).columns.filter(column => column.named !== undefined)
    if (columns.length === 0) continue
    for (const row of visibleRows(state, pane)) for (const column of columns) column.named?.(row, listener)
  }
  return [...asked]
}
