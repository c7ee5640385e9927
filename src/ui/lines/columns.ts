/** Which columns of a table fit into a width, and how wide each becomes. */

import type { Column } from '../../table/table.ts'

/** Cells in front of the first column, for the mark of the selected row. */
export const GUTTER = 1

/** Cells between two columns. */
const GAP = 1

export interface FittedColumn<Row> {
  readonly column: Column<Row>
  readonly width: number
}

/**
 * The columns for a table of `width` cells, in their order: the pinned column, and then by their priority numbers, of
 * equal ones the one further left, those for which there is still room. What is left over goes to the columns that grow.
 *
 * @param pinned id of the column that has its place before all others
 * @param isWorthIt of columns for which there is room, those that are to have it
 */
export function fitColumns<Row>(
  columns: readonly Column<Row>[],
  width: number,
  pinned: string,
  isWorthIt: (column: Column<Row>) => boolean = () => true,
): FittedColumn<Row>[] {
  const wanted = columns.toSorted((a, b) => rank(a, pinned) - rank(b, pinned))
  const chosen = new Set<Column<Row>>()
  let taken = GUTTER - GAP
  for (const column of wanted) {
    const more = GAP + column.width
    if ((chosen.size > 0 && taken + more > width) || !isWorthIt(column)) continue
    chosen.add(column)
    taken += more
  }
  const kept = columns.filter(column => chosen.has(column))
  return grow(kept, width - taken)
}

function rank<Row>(column: Column<Row>, pinned: string): number {
  return column.id === pinned ? -1 : column.priority
}

/** Cell by cell in turns, so that equal columns grow equally and one at its limit leaves its share to the others. */
function grow<Row>(columns: readonly Column<Row>[], spare: number): FittedColumn<Row>[] {
  const widths = columns.map(column => column.width)
  let left = spare
  let grown = true
  while (left > 0 && grown) {
    grown = false
    columns.forEach((column, i) => {
      const share = Math.min(left, column.grow ?? 0, (column.widest ?? Infinity) - (widths[i] ?? 0))
      if (share <= 0) return
      widths[i] = (widths[i] ?? 0) + share
      left -= share
      grown = true
    })
  }
  return columns.map((column, i) => ({ column, width: widths[i] ?? column.width }))
}
