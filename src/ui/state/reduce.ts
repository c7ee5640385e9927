/** The next state of the screen, given what happened. */

import type { About } from '../../facts/about.ts'
import type { Names } from '../../names/names.ts'
import type { HeldSample } from '../../sample/sample.ts'
import type { ProcessKey } from '../../table/table.ts'
import { registry } from '../../tracers/registry.ts'
import type { CallRow } from '../../tracers/syscalls/row.ts'
import { observed, told } from '../pages/observe.ts'
import { meantPid, openRow, back as stepBack } from '../pages/open.ts'
import { callScope, sectionsOf } from '../pages/page.ts'
import { INTERVAL_LEAST, type Machine, openPrompt, promptKey, promptText } from '../prompt/prompt.ts'
import { movePicker, openPicker, pick, pinned, reverse, sortBeside } from '../sort/sort.ts'
import type { Key } from '../terminal/input.ts'
import { turnGrouping } from './grouping.ts'
import { helpBottom } from './help.ts'
import { keptRow } from './kept.ts'
import { type Action, actionOf } from './keys.ts'
import { layout, overviewNames, tooSmall } from './layout.ts'
import { cursorIndex, listing, placeCount, placesFrom } from './listing.ts'
import { callsOfPages, nextMoment } from './moment.ts'
import { settle } from './settle.ts'
import {
  activeTable,
  type ExporterState,
  isInOverview,
  type Late,
  listedAs,
  type Size,
  type State,
  topPage,
  withPage,
  withTable,
} from './state.ts'
import { AT_TOP } from './table-state.ts'

export type Event =
  /** Times are milliseconds of a clock that is never set. */
  | { readonly type: 'key'; readonly key: Key; readonly at: number }
  | { readonly type: 'paste'; readonly text: string }
  | {
      readonly type: 'sample'
      readonly sample: HeldSample
      /** To be read now or never. */
      readonly calls: Iterable<CallRow>
      readonly exporter: ExporterState | null
      readonly at: number
    }
  | { readonly type: 'resize'; readonly size: Size }
  | { readonly type: 'names'; readonly names: Names }
  /** Who the process of a page is. */
  | { readonly type: 'about'; readonly process: ProcessKey; readonly about: About }
  /** The screen was in other hands, or stood still, for no matter how long. */
  | { readonly type: 'resumed' }
  /** The program took so much of a processor that it is an ordinary one again: a part of 1. */
  | { readonly type: 'lowered'; readonly share: number }

/** Intervals that + and - step through, in seconds. */
const INTERVAL_STEPS: readonly number[] = [INTERVAL_LEAST, 0.2, 0.5, 1, 2, 5, 10, 30, 60]

export function reduce(state: State, event: Event, machine: Machine): State {
  switch (event.type) {
    case 'key':
      return settle(pressed({ ...state, message: '', now: event.at }, event.key, machine))
    case 'paste':
      // Without a prompt a paste would be a row of commands that nobody meant.
      return state.prompt === null || tooSmall(state.size) ? state : settle(promptText(state, state.prompt, event.text))
    case 'sample':
      return settle(sampled({ ...state, exporter: event.exporter, now: event.at }, event), true)
    case 'resize':
      return settle(pinned({ ...state, size: event.size }))
    case 'names':
      // A filter may match a name.
      return settle({ ...state, names: event.names }, true)
    case 'about':
      return told(state, event.process, event.about)
    case 'resumed':
      return { ...state, expected: Infinity }
    case 'lowered':
      return {
        ...state,
        realtime: false,
        message: `real-time priority is off: ebpf-top took ${Math.round(100 * event.share)}% of a CPU`,
      }
  }
}

/** So many samples in time make the last late one forgotten. */
const IN_TIME = 10

/** Lateness that a person does not see: in seconds, and as a part of the interval. */
const UNSEEN_SECONDS = 0.25
const UNSEEN_PART = 0.25

function lateOf({ late, expected, interval }: State, { interval_seconds, self }: HeldSample): Late | null {
  const wanted = Math.max(expected, interval)
  const seconds = interval_seconds + self.sample_seconds - wanted
  if (seconds > Math.max(UNSEEN_SECONDS, UNSEEN_PART * wanted)) return { seconds, samples: 0 }
  return late === null || late.samples >= IN_TIME ? null : { ...late, samples: late.samples + 1 }
}

function sampled(before: State, { sample, calls }: Extract<Event, { type: 'sample' }>): State {
  const state: State = { ...before, late: lateOf(before, sample), expected: before.interval }
  const lost = state.lost + Object.values(sample.lost).reduce((sum, count) => sum + count, 0)
  const scopes = state.pages.flatMap(({ what }) => callScope(what) ?? [])
  const latest = nextMoment(state.latest, sample, callsOfPages(sample, calls, scopes))
  if (state.pause !== null) return { ...state, latest, lost, pause: { samples: state.pause.samples + 1 } }
  return observed({ ...state, latest, shown: latest, lost })
}

function pressed(state: State, key: Key, machine: Machine): State {
  if (state.prompt !== null && !tooSmall(state.size)) return promptKey(state, state.prompt, key, machine)
  const action = actionOf(key, state)
  if (action === null) return state
  return typeof action === 'string' ? act(state, action, machine) : openView(state, action.view)
}

function act(state: State, action: Exclude<Action, { readonly view: string }>, machine: Machine): State {
  if (state.help !== null && scrollsHelp(action)) return scrollHelp(state, action)
  if (state.picking !== null && scrollsHelp(action)) return movePicker(state, SCROLL[action](state.size.rows - 4))
  switch (action) {
    case 'next view':
      return turnView(state, 1)
    case 'previous view':
      return turnView(state, -1)
    case 'focus next':
      return focusBeside(state, 1)
    case 'focus previous':
      return focusBeside(state, -1)
    case 'up':
      return move(state, -1)
    case 'down':
      return move(state, 1)
    case 'page up':
      return move(state, -pageOf(state))
    case 'page down':
      return move(state, pageOf(state))
    case 'top':
      return withTable(state, activeTable(state), AT_TOP)
    case 'bottom':
      return move(state, Infinity)
    case 'sort left':
      return sortBeside(state, -1)
    case 'sort right':
      return sortBeside(state, 1)
    case 'sort by':
      return openPicker(state)
    case 'pick':
      return pick(state)
    case 'reverse':
      return reverse(state)
    case 'group':
      return turnGrouping(state)
    case 'open':
      return openRow(state, machine)
    case 'cost':
      return { ...state, costing: !state.costing }
    case 'idle':
      return { ...state, idle: !state.idle }
    case 'closed':
      return { ...state, closedHidden: !state.closedHidden }
    case 'realtime':
      return { ...state, realtime: !state.realtime }
    case 'names':
      return { ...state, naming: !state.naming }
    case 'filter':
    case 'pids':
    case 'interval':
      return openPrompt({ ...state, help: null }, action)
    case 'only this':
      return onlySelected(state)
    case 'all processes':
      return { ...state, pids: [] }
    case 'back':
      return back(state)
    case 'pause':
      return state.pause === null
        ? { ...state, pause: { samples: 0 } }
        : observed({ ...state, pause: null, shown: state.latest })
    case 'slower':
      return { ...state, interval: INTERVAL_STEPS.find(step => step > state.interval) ?? state.interval }
    case 'faster':
      return { ...state, interval: INTERVAL_STEPS.findLast(step => step < state.interval) ?? state.interval }
    case 'help':
      return { ...state, help: state.help === null ? 0 : null }
    case 'redraw':
    case 'suspend':
    case 'quit':
      // Matters of the terminal, not of the state.
      return state
  }
}

function focusBeside(state: State, by: number): State {
  const page = topPage(state)
  if (page !== undefined) return withPage(state, { focus: neighbour(sectionsOf(page.what), page.focus, by) })
  return { ...state, focus: neighbour(overviewNames(state), state.focus, by) }
}

function turnView(state: State, by: number): State {
  return openView(state, neighbour(registry.views, state.view, by))
}

function openView(state: State, view: string): State {
  const filter = state.pages[0]?.outerFilter ?? state.filter
  return {
    ...pinned(state),
    view,
    pages: [],
    filter,
    help: null,
    picking: null,
    focus: isInOverview(view) ? view : state.focus,
  }
}

/** The element `by` places after `from`, round the end. */
function neighbour<T>(list: readonly T[], from: T, by: number): T {
  return list[(list.indexOf(from) + by + list.length) % list.length] ?? from
}

function move(state: State, by: number): State {
  const name = activeTable(state)
  const places = placeCount(state, name)
  const from = cursorIndex(state, name)
  const to = Math.max(0, Math.min(places - 1, from + by))
  const [place] = placesFrom(state, name, to, 1)
  if (place === undefined || 'absent' in place) return state
  const { table } = listing(state, name)
  return withTable(state, name, { kept: keptRow(table, place.row), chosen: true, hidden: null, slid: null })
}

/** Rows that a page has in the active table. */
function pageOf(state: State): number {
  const name = activeTable(state)
  const pane = layout(state)
    .flat()
    .find(each => each.table === name)
  return Math.max(1, pane?.rows ?? 1)
}

function onlySelected(state: State): State {
  const pid = meantPid(state)
  if (pid !== null) return { ...state, pids: [pid] }
  return { ...state, message: `the owner of this ${listedAs(state, activeTable(state)).noun.one} is not known` }
}

function back(state: State): State {
  if (state.help !== null) return { ...state, help: null }
  if (state.picking !== null) return { ...state, picking: null }
  if (state.filter !== '') return { ...state, filter: '' }
  if (state.pages.length > 0) return stepBack(state)
  return { ...state, pids: [] }
}

function scrollsHelp(action: Exclude<Action, { readonly view: string }>): action is keyof typeof SCROLL {
  return action in SCROLL
}

/** Lines that a key moves the help, or the mark of a list, by. */
const SCROLL = {
  up: () => -1,
  down: () => 1,
  'page up': (rows: number) => -rows,
  'page down': (rows: number) => rows,
  top: () => -Infinity,
  bottom: () => Infinity,
} as const

function scrollHelp(state: State, action: keyof typeof SCROLL): State {
  const by = SCROLL[action](state.size.rows - 2)
  return { ...state, help: Math.max(0, Math.min(helpBottom(state), (state.help ?? 0) + by)) }
}
