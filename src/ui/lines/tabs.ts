/** The views that there are, and the open one. */

import { inFlightTable } from '../../tracers/in-flight/table.ts'
import { registry } from '../../tracers/registry.ts'
import { viewKey } from '../state/keys.ts'
import type { State } from '../state/state.ts'
import { series } from '../trend/history.ts'
import { type Line, lineWidth, span, spread } from './style.ts'

/** Spaces between two views where there is room for them. */
const GAP = 2

/** All views in a line, with `beside` at its end. */
export function tabsLine(place: Tabs, columns: number, beside: Line): Line {
  return spread(tabs(place, columns), beside, columns)
}

/** The open view, and the calls in flight that are stuck; null: nobody looked. */
export interface Tabs {
  readonly view: string
  readonly stuck: number | null
}

export function tabsOf({ view, shown }: State): Tabs {
  return { view, stuck: shown === null ? null : (series(shown.history, 'stuck', 1)[0] ?? null) }
}

/** As wide as they are; none where there is no room for all. */
export function tabs(place: Tabs, columns: number): Line {
  const { view } = place
  const title = (name: string): string => registry.find(name)?.title ?? OVERVIEW_TITLE
  const short = (name: string): string => registry.find(name)?.shortTitle ?? OVERVIEW_TITLE
  const start = (name: string): string => (name === view ? short(name) : short(name).slice(0, TITLE_LEAST))
  const digit = (name: string): string => (name === view ? short(name) : '')
  const lines = [titled(place, GAP, title), ...[title, short, start, digit].map(titleOf => titled(place, 1, titleOf))]
  return lines.find(line => lineWidth(line) <= columns) ?? []
}

const OVERVIEW_TITLE = 'Overview'

/** Letters of a title that tell it from all others. */
const TITLE_LEAST = 4

function titled({ view: open, stuck }: Tabs, gap: number, titleOf: (view: string) => string): Line {
  return registry.views.flatMap((view, i) => [
    span(' '.repeat(i === 0 ? 1 : gap)),
    span(`${viewKey(i) ?? ''} `.trimStart(), 'dim'),
    span(titleOf(view), open === view ? 'selected' : 'plain'),
    ...(view === inFlightTable.name && stuck !== null && stuck > 0 ? [span(` ${stuck}`, 'warning')] : []),
  ])
}
