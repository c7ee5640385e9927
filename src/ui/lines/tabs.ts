/** The views that there are, and the open one. */

import { registry } from '../../tracers/registry.ts'
import { viewKey } from '../state/keys.ts'
import { type Line, lineWidth, span, spread } from './style.ts'

/** Spaces between two views where there is room for them. */
const GAP = 2

/** All views in a line, with `beside` at its end. */
export function tabsLine(view: string, columns: number, beside: Line): Line {
  return spread(tabs(view, columns), beside, columns)
}

/** As wide as they are; none where there is no room for all. */
export function tabs(view: string, columns: number): Line {
  const title = (name: string): string => registry.find(name)?.title ?? OVERVIEW_TITLE
  const short = (name: string): string => registry.find(name)?.shortTitle ?? OVERVIEW_TITLE
  const start = (name: string): string => (name === view ? short(name) : short(name).slice(0, TITLE_LEAST))
  const digit = (name: string): string => (name === view ? short(name) : '')
  const lines = [titled(view, GAP, title), ...[title, short, start, digit].map(titleOf => titled(view, 1, titleOf))]
  return lines.find(line => lineWidth(line) <= columns) ?? []
}

const OVERVIEW_TITLE = 'Overview'

/** Letters of a title that tell it from all others. */
const TITLE_LEAST = 4

function titled(open: string, gap: number, titleOf: (view: string) => string): Line {
  return registry.views.flatMap((view, i) => [
    span(' '.repeat(i === 0 ? 1 : gap)),
    span(`${viewKey(i) ?? ''} `.trimStart(), 'dim'),
    span(titleOf(view), open === view ? 'selected' : 'plain'),
  ])
}
