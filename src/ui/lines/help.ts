/** The lines of the help. */

import { fitText } from '../../text/text.ts'
import { EXPLAINED_WIDTH, helpBottom, helpHeight, helpSections, type Section } from '../state/help.ts'
import type { State } from '../state/state.ts'
import { fitLine, type Line, span } from './style.ts'

/** Width of a section that has another one beside it. */
const BESIDE_WIDTH = 58

/** The visible part of the help from line `top` on: a title and as many lines as fit above the footer. */
export function helpLines(state: State, top: number): Line[] {
  const { size, version } = state
  const text = helpText(state)
  const bottom = helpBottom(state)
  const start = Math.min(top, bottom)
  const more = bottom - start
  const title = ` ebpf-top ${version}: help${more > 0 ? ` (↓ ${more} more lines)` : ''}`
  const visible = Array.from({ length: helpHeight(size) }, (_, i) => fitLine(text[start + i] ?? [], size.columns))
  return [fitLine([span(title, 'heading')], size.columns, 'heading'), ...visible]
}

/** All lines, with an empty one between two sections. */
function helpText(state: State): Line[] {
  return helpSections(state).flatMap((sections, i) => {
    const lines = besideEachOther(sections.map(sectionLines))
    return i === 0 ? lines : [[span(' ')], ...lines]
  })
}

function sectionLines({ title, entries }: Section): Line[] {
  return [
    [span(` ${title}`, 'strong')],
    ...entries.map(([explained, explanation]): Line => {
      return [span(` ${fitText(explained, EXPLAINED_WIDTH, 'right')}  `, 'accent'), span(explanation)]
    }),
  ]
}

function besideEachOther([first = [], second]: readonly Line[][]): Line[] {
  if (second === undefined) return first
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [
    ...fitLine(first[i] ?? [], BESIDE_WIDTH),
    ...(second[i] ?? []),
  ])
}
