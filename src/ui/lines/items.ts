/** Lines made of items of which the less important ones give way when the terminal is narrow. */

import { type Line, lineWidth, span } from './style.ts'

export interface Item {
  readonly line: Line
  /** Items of the highest rank are left out first; 0 always stays. */
  readonly rank: number
}

/** The items that fit into `width` cells with `gap` spaces between them, in their order, as one line. */
export function joinItems(items: readonly Item[], width: number, gap: number): Line {
  let kept = items.filter(item => item.line.length > 0)
  while (itemsWidth(kept, gap) > width) {
    const worst = Math.max(...kept.map(item => item.rank))
    if (worst === 0) break
    const last = kept.findLastIndex(item => item.rank === worst)
    kept = kept.filter((_, i) => i !== last)
  }
  return kept.flatMap((item, i) => (i === 0 ? item.line : [span(' '.repeat(gap)), ...item.line]))
}

/** Cells that all items take together. */
export function itemsWidth(items: readonly Item[], gap: number): number {
  return items.reduce((sum, item) => sum + lineWidth(item.line), 0) + gap * Math.max(0, items.length - 1)
}
