/** The lines above the tables. */

import type { Sample } from '../../sample/sample.ts'
import { formatBytes, formatEvents, formatNanoseconds, formatSeconds } from '../../table/format.ts'
import { sanitize } from '../../text/text.ts'
import { OVERVIEW, registry } from '../../tracers/registry.ts'
import { trailLine } from '../pages/lines.ts'
import { headOfState, TALL } from '../state/layout.ts'
import type { State } from '../state/state.ts'
import { FIGURES, type Figure } from '../trend/figures.ts'
import { unmeasured } from './empty.ts'
import { exportBeside, exportItems } from './export.ts'
import { figureItems, headLines } from './head.ts'
import { type Item, itemsWidth, joinItems } from './items.ts'
import { fitLine, type Line, lineWidth, span, spread } from './style.ts'
import { tabs, tabsLine, tabsOf } from './tabs.ts'

/** Spaces between two facts. */
const GAP = 2

/** More process ids than this are counted and not listed. */
const PIDS_LISTED = 3

/** As many lines as `headerHeight` says, each as wide as the terminal: facts, and the tabs. */
export function headerLines(state: State): Line[] {
  return [...factLines(state), ...headLines(state), placeLine(state)]
}

/** Where one is: the tabs of the views, or the trail to a page. */
export function placeLine(state: State): Line {
  const beside = besideTabs(state)
  return state.pages.length > 0 ? trailLine(state, beside) : tabsLine(tabsOf(state), state.size.columns, beside)
}

/** All lines but that of the tabs. */
export function factLines(state: State): Line[] {
  const { columns } = state.size
  const told = news(state)
  const rooms = exportRooms(state, told)
  if (exportBeside(state, rooms.beside, rooms.elsewhere) === null) {
    told.push(...exportItems(state, rooms.elsewhere, GAP))
  }
  if (!isTall(state)) return [facts([...told, ...costs(state)], columns)]
  const left = identity(state)
  return [
    spread(left, [...joinItems(costs(state), columns - lineWidth(left), GAP), span(' ')], columns),
    facts(told, columns),
  ]
}

/** What stands at the end of the line of the tabs. */
export function besideTabs(state: State): Line {
  if (state.exporter === null) return NOTHING
  const { beside, elsewhere } = exportRooms(state, news(state))
  return exportBeside(state, beside, elsewhere) ?? NOTHING
}

const NOTHING: Line = []

/** Cells for how the export goes: beside the tabs, and among the facts. */
function exportRooms(state: State, told: readonly Item[]): { beside: number; elsewhere: number } {
  const { columns } = state.size
  return {
    beside: isTall(state) ? columns - lineWidth(tabs(tabsOf(state), columns)) - GAP : 0,
    elsewhere: columns - 2 - itemsWidth(told, GAP) - GAP,
  }
}

function isTall({ size }: State): boolean {
  return size.rows >= TALL
}

function facts(items: readonly Item[], columns: number): Line {
  return fitLine([span(' '), ...joinItems(items, columns - 2, GAP)], columns)
}

/** Which program, on which machine. */
function identity({ version, host }: State): Line {
  const cpus = host.cpus === 1 ? '1 CPU' : `${host.cpus} CPUs`
  return [
    span(` ebpf-top ${version}`, 'strong'),
    span(`  ${sanitize(host.name)}`, 'accent'),
    span(`  Linux ${sanitize(host.kernel)}  ${cpus}`),
  ]
}

/** What the machine does, and what the user made the screen do. */
function news(state: State): Item[] {
  const shown = state.shown?.sample ?? null
  const items: Item[] = []
  if (state.pause !== null) items.push({ rank: 0, line: [span(pausedText(state, state.pause.samples), 'paused')] })
  if (shown !== null) {
    items.push(...figureItems(state, figuresAmongFacts(state)))
    items.push({ rank: 1, line: lostEvents(shown, state.lost) })
    if (state.late !== null) {
      items.push({ rank: 2, line: lateness(state.late.seconds, state.realtime) })
    }
    if (state.realtime === true) items.push({ rank: 4, line: [span('realtime', 'strong')] })
    if (isCompatible(shown)) items.push({ rank: 3, line: [span('compatible mode', 'warning')] })
    const unseen = unmeasured(shown.sources)
    if (unseen.length > 0) items.push({ rank: 3, line: [span(`not measured: ${unseen.join(', ')}`, 'warning')] })
    for (const note of shown.notes) items.push({ rank: 4, line: [span(sanitize(note), 'warning')] })
  }
  items.push({ rank: 1, line: filters(state) })
  return items
}

/** Something is measured the way that compatible mode does it. */
function isCompatible({ sources }: Sample): boolean {
  const ways = registry.needs.flatMap(need => need.ways)
  const way = ways.find(({ need, source }) => need === 'syscalls' && source === sources.syscalls)
  return way?.compat === true || sources.connections.startsWith('inet_diag')
}

/** What watching costs. */
function costs({ shown: moment, interval }: State): Item[] {
  const shown = moment?.sample ?? null
  const items: Item[] = [{ rank: 5, line: named('every', formatInterval(interval)) }]
  if (shown !== null) {
    const share = (seconds: number): string =>
      `${(shown.interval_seconds > 0 ? (100 * seconds) / shown.interval_seconds : 0).toFixed(1)}%`
    const { cpu_seconds, bpf_seconds } = shown.self
    items.push({ rank: 6, line: named('own CPU', share(cpu_seconds)) })
    if (bpf_seconds !== null) items.push({ rank: 6, line: named('in the kernel', share(bpf_seconds)) })
    items.push({ rank: 7, line: named('memory', formatBytes(shown.self.private_bytes)) })
  }
  return items
}

function named(name: string, value: string): Line {
  return [span(`${name} `, 'dim'), span(value, 'strong')]
}

/** The main numbers that have no place elsewhere. In other views than the overview the first alone says that all goes on. */
function figuresAmongFacts(state: State): readonly Figure[] {
  if (state.view !== OVERVIEW || state.pages.length > 0) return FIGURES.slice(0, 1)
  return headOfState(state).lines.length > 0 ? [] : FIGURES
}

/** How late samples come, and the key against it, which the footer has no certain place for. */
function lateness(seconds: number, realtime: boolean | null): Line {
  const late = span(`late by ${formatNanoseconds(seconds * 1e9)}`, 'warning')
  return realtime === false ? [late, span(' R ', 'strong'), span('Realtime', 'label')] : [late]
}

/** Those of the interval by kind; once there were any, never again a plain 0. */
function lostEvents({ lost }: Sample, soFar: number): Line {
  const kinds = Object.entries(lost).filter(([, count]) => count > 0)
  const now = kinds.map(([kind, count]) => `${formatEvents(count)} ${kind.replace('_', ' ')}`).join(', ')
  if (now !== '') return [span(`lost ${now}`, 'alarm')]
  return soFar === 0
    ? [span('lost ', 'dim'), span('0')]
    : [span('lost ', 'dim'), span(`0 now, ${formatEvents(soFar)} before`, 'warning')]
}

function filters(state: State): Line {
  const { pids, filter } = state
  const parts: string[] = []
  if (pids.length > PIDS_LISTED) parts.push(`${pids.length} pids`)
  else if (pids.length > 0) parts.push(`pid ${pids.join(',')}`)
  if (filter !== '') parts.push(`“${sanitize(filter)}”`)
  return [span('filter ', 'dim'), parts.length > 0 ? span(parts.join(' and '), 'accent') : span('none')]
}

/** For how long, as the intervals between are long: the screen does not look at a clock. */
function pausedText({ shown, latest }: State, samples: number): string {
  const seconds = shown === null || latest === null ? 0 : latest.seconds - shown.seconds
  return ` PAUSED ${formatSeconds(seconds)}, ${samples} ${samples === 1 ? 'sample' : 'samples'} `
}

function formatInterval(seconds: number): string {
  return `${Number(seconds.toFixed(3))}s`
}
