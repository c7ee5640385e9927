/** What the help says, made from the key bindings: its words, and how many lines they take. */

import { cells, sanitize } from '../../text/text.ts'
import { registry } from '../../tracers/registry.ts'
import { NEWS } from '../trend/errors.ts'
import { FIGURES } from '../trend/figures.ts'
import { bindings } from './keys.ts'
import { LINGERING } from './moment.ts'
import type { Size, State } from './state.ts'

/** Cells for what is explained, in front of the explanation. */
export const EXPLAINED_WIDTH = 12

/** Cells around what is explained. */
const AROUND = 4

/** Width of the terminal from which the keys have another section beside them. */
const TWO_COLUMNS = 118

/** What is explained, and its explanation. */
export type Entry = readonly [string, string]

export interface Section {
  readonly title: string
  readonly entries: readonly Entry[]
}

/** What the numbers and signs in the tables mean. */
const READING: readonly Entry[] = [
  ...FIGURES.map(({ title, meaning }): Entry => [title, meaning]),
  ['/s', 'per second, over the last interval'],
  ['TIME/s', 'time inside system calls, of all threads'],
  ['P50 P95 P99', 'half, 95 %, 99 % of the calls were this fast'],
  ['ERR/s', 'calls that returned an error'],
  ['32:read', 'called through the table of 32-bit calls'],
  ['12.3K', 'bytes: K, M, G are units of 1024'],
  ['12.3k', 'all else: k, M, G are units of 1000'],
  ['RETR RETR%', 'segments sent again since it was opened'],
  ['CONNECT', 'outbound: from SYN to established'],
  ['HANDSHK', 'inbound: from SYN received to established'],
  ['ACCEPT', 'inbound: waited for the accept call'],
  ['CLOSER', 'the end that closed first'],
  ['RECV-Q', 'bytes not read yet'],
  ['SEND-Q', 'bytes not acknowledged yet'],
  ['ZEROWIN', 'the end whose receive window is zero'],
  ['WAITING', 'in the accept queue, at most LIMIT'],
  ['NETNS', 'another network namespace, by its inode'],
  ['>5m00s', 'older than ebpf-top: at least this old'],
  ['dimmed', `ended, or closed in the last ${LINGERING} seconds`],
  ['~', 'selected row, with nothing in this interval'],
  [NEWS, 'error that is new, or twice as frequent as before'],
  ['lost', 'events that are in no row'],
]

const ARROWS: Readonly<Record<string, string>> = { '←': 'Left', '→': 'Right', '↑': 'Up', '↓': 'Down' }

/** Keys as a person calls them: by words where the terminal has no arrows. */
export function keyName(shown: string, { ascii }: State): string {
  return ascii ? shown.replaceAll(/[←→↑↓]/g, arrow => ARROWS[arrow] ?? arrow) : shown
}

/** The sections from the top down, those of an array side by side. */
export function helpSections(state: State): readonly (readonly Section[])[] {
  const keys: Section = {
    title: 'Keys',
    entries: bindings().map(({ shown, description }) => [keyName(shown, state), description]),
  }
  const tables: Section = { title: 'Reading the tables', entries: READING }
  const means: Section = { title: 'How it is measured here', entries: meansEntries(state) }
  return state.size.columns < TWO_COLUMNS ? [[keys], [tables], [means]] : [[keys, tables], [means]]
}

/** By what each need is met here, and why by nothing better; and what else there is to say: as many lines as that takes. */
function meansEntries({ host, size }: State): Entry[] {
  const means = host.means.map(
    ({ need, source, why }): Entry => [need, why === null ? source : `${source}; nothing better: ${why}`],
  )
  const notes = host.notes.map((note): Entry => ['note', note])
  const idle = registry.tables.flatMap(({ idleRule }) => idleRule ?? []).map((rule): Entry => ['idle', rule])
  const daily = registry.tables.flatMap(({ dailyRule }) => dailyRule ?? []).map((rule): Entry => ['errors', rule])
  return [...idle, ...daily, ...means, ['rights', host.rights] as const, ...notes].flatMap(([name, text]) =>
    wrap(sanitize(text), size.columns - EXPLAINED_WIDTH - AROUND).map((line, i): Entry => [i === 0 ? name : '', line]),
  )
}

/** Text in lines of at most so many cells, broken between words where they fit. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && cells(last) + 1 + cells(word) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Lines of the screen that show help; title and footer take the others. */
export function helpHeight(size: Size): number {
  return size.rows - 2
}

/** The furthest that the help can be scrolled, in lines. */
export function helpBottom(state: State): number {
  const heights = helpSections(state).map(beside => Math.max(...beside.map(({ entries }) => 1 + entries.length)))
  const lines = heights.reduce((sum, height) => sum + height, heights.length - 1)
  return Math.max(0, lines - helpHeight(state.size))
}
