/** Every key that does something, as data: the reducer, the footer and the help are made of it. */

import { registry } from '../../tracers/registry.ts'
import * as when from './available.ts'
import { tooSmall } from './layout.ts'
import { type State, showsConnections } from './state.ts'

export type Action =
  | { readonly view: string }
  | 'next view'
  | 'previous view'
  | 'focus next'
  | 'focus previous'
  | 'up'
  | 'down'
  | 'page up'
  | 'page down'
  | 'top'
  | 'bottom'
  | 'sort left'
  | 'sort right'
  | 'sort by'
  | 'pick'
  | 'reverse'
  | 'group'
  | 'open'
  | 'names'
  | 'cost'
  | 'idle'
  | 'closed'
  | 'realtime'
  | 'filter'
  | 'pids'
  | 'only this'
  | 'all processes'
  | 'back'
  | 'pause'
  | 'slower'
  | 'faster'
  | 'interval'
  | 'help'
  | 'redraw'
  | 'suspend'
  | 'quit'

/** A label in the footer; those of the highest rank give way first. */
interface FooterEntry {
  /** Where it stands for more than the keys of its binding: those keys. */
  readonly shown?: string
  readonly label: string
  readonly rank: number
}

export interface Binding {
  /** Names as in `Key`; the letters are case-sensitive. */
  readonly keys: readonly string[]
  /** The keys as a person calls them. */
  readonly shown: string
  readonly action: Action
  readonly description: string
  readonly footer?: FooterEntry
  /** False: the key does nothing now, and the footer leaves it out. Absent: always true. */
  visible?(state: State): boolean
}

const VIEW_KEYS: readonly Binding[] = [
  {
    keys: ['tab'],
    shown: 'Tab',
    action: 'next view',
    description: 'next view',
    footer: { label: 'View', rank: 4 },
  },
  { keys: ['shift-tab'], shown: 'Shift-Tab', action: 'previous view', description: 'previous view' },
]

const OTHER_KEYS: readonly Binding[] = [
  {
    keys: ['right'],
    shown: '→',
    action: 'focus next',
    description: 'next table of an overview or a page',
    footer: { shown: '← →', label: 'Table', rank: 5 },
    visible: when.hasSeveral,
  },
  {
    keys: ['left'],
    shown: '←',
    action: 'focus previous',
    description: 'previous table of an overview or a page',
    visible: when.hasSeveral,
  },
  { keys: ['up', 'k'], shown: '↑ k', action: 'up', description: 'select the row above' },
  { keys: ['down', 'j'], shown: '↓ j', action: 'down', description: 'select the row below' },
  { keys: ['pageup'], shown: 'PgUp', action: 'page up', description: 'one page up' },
  { keys: ['pagedown'], shown: 'PgDn', action: 'page down', description: 'one page down' },
  { keys: ['home', 'g'], shown: 'Home g', action: 'top', description: 'first row, and stay there' },
  { keys: ['end', 'G'], shown: 'End G', action: 'bottom', description: 'last row' },
  {
    keys: ['s'],
    shown: 's',
    action: 'sort by',
    description: 'sort by a column, picked from all',
    footer: { label: 'Sort', rank: 3 },
  },
  {
    keys: ['enter'],
    shown: 'Enter',
    action: 'pick',
    description: 'sort by the column that is marked',
    footer: { label: 'Sort by it', rank: 1 },
    visible: when.isPicking,
  },
  { keys: ['<', ','], shown: '<', action: 'sort left', description: 'sort by the column to the left' },
  { keys: ['>', '.'], shown: '>', action: 'sort right', description: 'sort by the column to the right' },
  {
    keys: ['r'],
    shown: 'r',
    action: 'reverse',
    description: 'reverse the order',
    footer: { label: 'Reverse', rank: 9 },
  },
  {
    keys: ['b'],
    shown: 'b',
    action: 'group',
    description: 'group connections by host, service, process',
    footer: { label: 'Group by', rank: 4 },
    visible: showsConnections,
  },
  {
    keys: ['enter'],
    shown: 'Enter',
    action: 'open',
    description: 'open what the row is: process, call, connection',
    footer: { label: 'Open', rank: 2 },
    visible: when.opens,
  },
  {
    keys: ['n'],
    shown: 'n',
    action: 'names',
    description: 'names of hosts and services, or numbers',
    footer: { label: 'Names', rank: 9 },
    visible: when.hasAddresses,
  },
  {
    keys: ['/'],
    shown: '/',
    action: 'filter',
    description: 'show only rows that contain a text',
    footer: { label: 'Filter', rank: 2 },
  },
  {
    keys: ['P'],
    shown: 'P',
    action: 'pids',
    description: 'trace only these processes (in the kernel)',
    footer: { label: 'Pids', rank: 6 },
  },
  {
    keys: ['f'],
    shown: 'f',
    action: 'only this',
    description: 'trace only the process of the row (in the kernel)',
    footer: { label: 'Only this', rank: 4 },
    visible: when.hasPids,
  },
  {
    keys: ['F'],
    shown: 'F',
    action: 'all processes',
    description: 'trace all processes again',
    footer: { label: 'All', rank: 3 },
    visible: state => state.pids.length > 0,
  },
  {
    keys: ['escape'],
    shown: 'Esc',
    action: 'back',
    description: 'one step back: help, filter, page',
    footer: { label: 'Back', rank: 1 },
    visible: when.canGoBack,
  },
  { keys: ['backspace'], shown: 'Backspace', action: 'back', description: 'the same', visible: when.canGoBack },
  {
    keys: [' '],
    shown: 'Space',
    action: 'pause',
    description: 'pause the screen, or resume',
    footer: { label: 'Pause', rank: 5 },
  },
  { keys: ['+', '='], shown: '+', action: 'slower', description: 'longer interval' },
  {
    keys: ['-', '_'],
    shown: '-',
    action: 'faster',
    description: 'shorter interval',
    footer: { shown: '+ -', label: 'Interval', rank: 8 },
  },
  {
    keys: ['i'],
    shown: 'i',
    action: 'idle',
    description: 'show idle waits too, or not',
    footer: { label: 'Idle', rank: 3 },
    visible: when.hasIdle,
  },
  {
    keys: ['x'],
    shown: 'x',
    action: 'closed',
    description: 'hide connections that closed, or not',
    footer: { label: 'Closed', rank: 3 },
    visible: when.hasClosed,
  },
  { keys: ['c'], shown: 'c', action: 'cost', description: 'measure the CPU time in the kernel, or not' },
  {
    keys: ['R'],
    shown: 'R',
    action: 'realtime',
    description: 'run before other processes, if late; or not',
    visible: when.isLate,
  },
  { keys: ['d'], shown: 'd', action: 'interval', description: 'type the interval' },
  {
    keys: ['?', 'h'],
    shown: '?',
    action: 'help',
    description: 'this help',
    footer: { label: 'Help', rank: 0 },
  },
  { keys: ['ctrl-l'], shown: 'Ctrl-L', action: 'redraw', description: 'redraw the screen' },
  { keys: ['ctrl-z'], shown: 'Ctrl-Z', action: 'suspend', description: 'suspend; fg resumes' },
  {
    keys: ['q', 'ctrl-c'],
    shown: 'q',
    action: 'quit',
    description: 'quit, like Ctrl-C',
    footer: { label: 'Quit', rank: 0 },
  },
]

/** The views that a single digit opens. */
const DIGITS = 9

/** Key of the view in that place of the registry; null: none. */
export function viewKey(place: number): string | null {
  return place < DIGITS ? String(place + 1) : null
}

/** All keys, those of the views there are now among them. */
export function bindings(): readonly Binding[] {
  const opening = registry.views.flatMap((view, place): Binding[] => {
    const key = viewKey(place)
    const description = registry.find(view)?.description ?? 'overview: the main tables'
    return key === null ? [] : [{ keys: [key], shown: key, action: { view }, description }]
  })
  return [...VIEW_KEYS, ...opening, ...OTHER_KEYS]
}

/** What moves through a list. */
const SCROLLING = ['up', 'down', 'page up', 'page down', 'top', 'bottom'] as const

/** What still works while the help covers the tables. */
const HELP_ACTIONS: ReadonlySet<Action> = new Set<Action>([
  ...(['next view', 'previous view'] as const),
  ...SCROLLING,
  ...(['back', 'help', 'redraw', 'suspend', 'quit'] as const),
])

/** What works while a column is picked. */
const PICK_ACTIONS: ReadonlySet<Action> = new Set<Action>([
  ...SCROLLING,
  ...(['pick', 'back', 'redraw', 'suspend', 'quit'] as const),
])

/** What still works where the terminal is too small to show what a key does. */
const UNSEEN_ACTIONS: ReadonlySet<Action> = new Set<Action>(['redraw', 'suspend', 'quit'])

/** The binding does something in this state. */
export function isAvailable(binding: Binding, state: State): boolean {
  if (tooSmall(state.size)) return UNSEEN_ACTIONS.has(binding.action)
  if (state.picking !== null && state.help === null && !PICK_ACTIONS.has(binding.action)) return false
  if (state.help !== null && typeof binding.action === 'string' && !HELP_ACTIONS.has(binding.action)) return false
  return binding.visible?.(state) ?? true
}

/**
 * What a key does in this state; null if nothing. While a prompt is open only these control keys are not text. A key may
 * have several bindings, of which one is available at a time.
 */
export function actionOf(key: string, state: State): Action | null {
  const binding = bindings().find(each => each.keys.includes(key) && isAvailable(each, state))
  if (binding === undefined) return null
  const typed = state.prompt !== null && !tooSmall(state.size)
  return typed && !key.startsWith('ctrl-') ? null : binding.action
}
