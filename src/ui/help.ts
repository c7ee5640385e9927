/** The help, made from the key bindings. */

import { cells, fitText, sanitize } from '../text/text.ts'
import { bindings, keyName } from './keys.ts'
import { LINGERING } from './moment.ts'
import type { Size, State } from './state.ts'
import { fitLine, type Line, span } from './style.ts'

/** Cells for the names of the keys. */
const KEYS_WIDTH = 12

/** Width of the list of keys where it has another column beside it, and the width of the terminal from which it has. */
const KEY_LIST_WIDTH = 58
const TWO_COLUMNS = 118

/** What the numbers and signs in the tables mean. */
const reading: readonly (readonly [string, string])[] = [
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
  ['lost', 'events that are in no row'],
]

function section(title: string, entries: readonly (readonly [string, string])[]): Line[] {
  return [
    [span(` ${title}`, 'strong')],
    ...entries.map(([left, right]): Line => [span(` ${fitText(left, KEYS_WIDTH, 'right')}  `, 'accent'), span(right)]),
  ]
}

function keySection(state: State): Line[] {
  return section(
    'Keys',
    bindings().map(({ shown, description }) => [keyName(shown, state), description]),
  )
}

/** By what each need is met here, and why by nothing better; and what else there is to say: as many lines as that takes. */
function meansSection({ host, size }: State): Line[] {
  const means = host.means.map(({ need, source, why }): readonly [string, string] => [
    need,
    why === null ? source : `${source}; nothing better: ${why}`,
  ])
  const rights = [['rights', host.rights]] as const
  const notes = host.notes.map((note): readonly [string, string] => ['note', note])
  const entries = [...means, ...rights, ...notes].flatMap(([name, text]) =>
    wrap(sanitize(text), size.columns - KEYS_WIDTH - 4).map((line, i): readonly [string, string] => [
      i === 0 ? name : '',
      line,
    ]),
  )
  return section('How it is measured here', entries)
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

/** All lines of the help. */
function helpText(state: State): readonly Line[] {
  const keys = keySection(state)
  const explained = section('Reading the tables', reading)
  const means = [[span(' ')], ...meansSection(state)]
  if (state.size.columns < TWO_COLUMNS) return [...keys, [span(' ')], ...explained, ...means]
  const beside = Array.from({ length: Math.max(keys.length, explained.length) }, (_, i) => [
    ...fitLine(keys[i] ?? [], KEY_LIST_WIDTH),
    ...(explained[i] ?? []),
  ])
  return [...beside, ...means]
}

/** Lines of the screen that show help; title and footer take the others. */
function helpHeight(size: Size): number {
  return size.rows - 2
}

/** The furthest that the help can be scrolled, in lines. */
export function helpBottom(state: State): number {
  return Math.max(0, helpText(state).length - helpHeight(state.size))
}

/** The visible part of the help from line `top` on: a title and as many lines as fit above the footer. */
export function helpLines(state: State, top: number): Line[] {
  const { size, version } = state
  const text = helpText(state)
  const start = Math.min(top, helpBottom(state))
  const more = helpBottom(state) - start
  const title = ` ebpf-top ${version}: help${more > 0 ? ` (↓ ${more} more lines)` : ''}`
  const visible = Array.from({ length: helpHeight(size) }, (_, i) => fitLine(text[start + i] ?? [], size.columns))
  return [fitLine([span(title, 'heading')], size.columns, 'heading'), ...visible]
}
