/** What stands above the tables of a page: the trail, what the page is about, and its sections. */

import { formatCell, type Reading } from '../../table/format.ts'
import type { Column, Table } from '../../table/table.ts'
import { cells, fitText, sanitize, take } from '../../text/text.ts'
import { registry } from '../../tracers/registry.ts'
import { type Item, joinItems } from '../lines/items.ts'
import { fitLine, type Line, lineWidth, span, spread } from '../lines/style.ts'
import { type KeptRow, keptColumn } from '../state/kept.ts'
import { fieldColumns, subjectHeight } from '../state/layout.ts'
import { listing } from '../state/listing.ts'
import { listedAs, namesIn, type State, topPage } from '../state/state.ts'
import { type Page, sectionsOf, subjectTable } from './page.ts'
import { subjectRow } from './rows.ts'
import { commandOf, whoItems } from './who.ts'

const STEP = ' › '

/** Cells between two fields. */
const GAP = 2

/** From the view to the page; where there is no room, the first steps give way. */
export function trailLine(state: State, beside: Line): Line {
  const { columns } = state.size
  const view = (registry.find(state.view)?.title ?? 'overview').toLowerCase()
  const steps = [view, ...state.pages.map(({ title }) => sanitize(title))]
  const room = columns - lineWidth(beside) - 3
  let shown = steps
  while (shown.length > 1 && cells(shown.join(STEP)) > room) shown = ['…', ...shown.slice(shown[0] === '…' ? 2 : 1)]
  const last = shown.at(-1) ?? ''
  const before = shown
    .slice(0, -1)
    .map(step => `${step}${STEP}`)
    .join('')
  return spread([span(` ${before}`, 'dim'), span(last, 'strong')], beside, columns)
}

/** As many lines as `pageHeadHeight` says. */
export function pageHeadLines(state: State): Line[] {
  const page = topPage(state)
  if (page === undefined) return []
  const height = subjectHeight(state)
  const lines = page.what.kind === 'row' ? fieldLines(state, page, height) : subjectLines(state, page, height)
  while (lines.length < height) lines.push(fitLine([], state.size.columns))
  return [...lines.slice(0, height), sectionsLine(state, page)]
}

/** A field of the subject as a person reads it. */
interface Field {
  readonly title: string
  readonly text: string
  readonly isBad: boolean
  /** Those of the highest number give way first. */
  readonly priority: number
  readonly column: Column<unknown>
}

/** What is known of the row that the page is about, as it is in the sample on the screen, or else as it was seen last. */
function fieldsOf(state: State, { what, seen }: Page): Field[] {
  const table = subjectTable(what)
  if (table === null || state.shown === null) return []
  const { interval_seconds, sources } = state.shown.sample
  const reading: Reading = { interval_seconds, sources, names: namesIn(state) }
  const row = subjectRow(what, state.shown)
  if (row !== undefined) return table.columns.flatMap(column => fieldOf(column, column, row, reading))
  if (seen === null) return []
  const kept: KeptRow = {
    row: null,
    isOver: false,
    key: '',
    pid: null,
    processStarted: null,
    identity: '',
    values: seen,
  }
  return table.columns.flatMap(column => fieldOf(column, keptColumn(column), kept, reading))
}

function fieldOf<Row>(of: Column<unknown>, column: Column<Row>, row: Row, reading: Reading): Field[] {
  const text = formatCell(column, row, reading)
  if (text === '-' || text === '') return []
  const value = column.value(row)
  const isBad = column.alarm === true && (typeof value === 'string' || Number(value) > 0)
  return [{ title: column.title, text, isBad, priority: column.priority, column: of }]
}

/** In columns; the less important fields give way. */
function fieldLines(state: State, page: Page, height: number): Line[] {
  const { columns: width } = state.size
  const fields = fieldsOf(state, page)
  if (fields.length === 0) return [note(state, notSeen(state, page))]
  const columns = fieldColumns(state.size)
  const lines = isGone(state, page) ? [note(state, goneText(page))] : []
  const room = columns * (height - lines.length)
  const ranked = fields.toSorted((a, b) => a.priority - b.priority).slice(0, room)
  const kept = fields.filter(field => ranked.includes(field))
  const rows = Math.ceil(kept.length / columns)
  const cell = Math.floor((width - 1) / columns)
  for (let y = 0; y < rows; y++) {
    const line = Array.from({ length: columns }, (_, x) => fieldCell(kept[x * rows + y], cell)).flat()
    lines.push(fitLine([span(' '), ...line], width))
  }
  return lines
}

/** Cells of a title, all headings being shorter. */
const TITLE = 10

function fieldCell(field: Field | undefined, width: number): Line {
  if (field === undefined) return [span(' '.repeat(width))]
  const { title, text, isBad, column } = field
  const value = fitText(text, width - TITLE - GAP, 'left', column.cut)
  return [span(fitText(title, TITLE, 'left'), 'dim'), span(`${value}${' '.repeat(GAP)}`, isBad ? 'warning' : 'plain')]
}

/** Fields that the trail and the command say already. */
const SAID_OF_PROCESS: ReadonlySet<string> = new Set(['pid', 'name', 'command'])
const SAID_OF_CALL: ReadonlySet<string> = new Set(['pid', 'name', 'syscall', 'id', 'abi'])

/** The command of a process in full, as far as there is room, and the numbers of the row one after the other. */
function subjectLines(state: State, page: Page, height: number): Line[] {
  const { columns } = state.size
  const fields = fieldsOf(state, page)
  const isProcess = page.what.kind === 'process'
  const said = isProcess ? SAID_OF_PROCESS : SAID_OF_CALL
  const numbers = fields.filter(({ column }) => !said.has(column.id)).map(fieldItem)
  const facts = isProcess ? whoItems(page, state) : []
  if (fields.length === 0) facts.push({ rank: 1, line: [span(notSeen(state, page), 'dim')] })
  const lines: Line[] = []
  if (isProcess && height > 1) {
    const command = sanitize(commandOf(page) ?? 'command not known')
    const room = Math.max(1, height - 2)
    lines.push(...wrapped(command, columns - 2, room).map(text => fitLine([span(` ${text}`)], columns)))
  }
  const flowed = flow([...facts, ...numbers], columns - 2, height - lines.length)
  return [...lines, ...flowed.map(line => fitLine([span(' '), ...line], columns))]
}

function fieldItem({ title, text, isBad, priority }: Field): Item {
  return { rank: 2 + priority, line: [span(`${title} `, 'dim'), span(text, isBad ? 'warning' : 'plain')] }
}

/** The items in so many lines: those of the highest rank give way where there is no room for all. */
function flow(items: readonly Item[], width: number, height: number): Line[] {
  let kept = items
  for (;;) {
    const lines = inLines(kept, width)
    if (lines.length <= height) return lines.map(line => joinItems(line, width, GAP))
    const worst = Math.max(...kept.map(({ rank }) => rank))
    const last = kept.findLastIndex(({ rank }) => rank === worst)
    kept = kept.filter((_, i) => i !== last)
  }
}

function inLines(items: readonly Item[], width: number): Item[][] {
  const lines: Item[][] = []
  let left = 0
  for (const item of items) {
    const taken = lineWidth(item.line)
    const last = lines.at(-1)
    if (last !== undefined && taken + GAP <= left) {
      last.push(item)
      left -= taken + GAP
    } else {
      lines.push([item])
      left = width - taken
    }
  }
  return lines
}

/** Text in lines of so many cells, the last one cut. */
function wrapped(text: string, width: number, lines: number): string[] {
  const parts: string[] = []
  let rest = text
  while (rest !== '' && parts.length < lines - 1) {
    const part = take(rest, width)
    if (part === '') break
    parts.push(part)
    rest = rest.slice(part.length)
  }
  return rest === '' ? parts : [...parts, cells(rest) > width ? fitText(rest, width, 'left') : rest]
}

/** It was seen, and has no row now. */
function isGone({ shown }: State, { what, seen }: Page): boolean {
  return what.kind === 'row' && seen !== null && shown !== null && subjectRow(what, shown) === undefined
}

function goneText({ what }: Page): string {
  const noun = subjectTable(what)?.noun.one ?? 'row'
  return `this ${noun} is gone; as it was seen last:`
}

function notSeen({ shown }: State, { what }: Page): string {
  if (shown === null) return 'waiting for the first sample'
  if (what.kind === 'call' && what.process !== null && shown.calls.scopes.length === 0) {
    return 'waiting for the next sample'
  }
  return what.kind === 'process' ? 'it returned from no call in this interval' : 'nothing in this interval'
}

function note({ size }: State, text: string): Line {
  return fitLine([span(` ${text}`, 'dim')], size.columns)
}

/** The sections and their numbers of rows, the one in focus marked. */
function sectionsLine(state: State, { what, focus }: Page): Line {
  const { columns } = state.size
  const sections = sectionsOf(what).map(name => ({ name, ...titleOf(state, name) }))
  const lineOf = (short: boolean): Line =>
    sections.flatMap(({ name, table, count }): Line => {
      const title = short ? table.shortTitle : table.title
      return [
        span('  '),
        span(title, name === focus ? 'selected' : count === 0 ? 'dim' : 'plain'),
        span(` ${count}`, count === 0 ? 'dim' : 'strong'),
      ]
    })
  const [, ...long] = lineOf(false)
  const [, ...short] = lineOf(true)
  return fitLine([span(' '), ...(lineWidth(long) < columns ? long : short)], columns)
}

function titleOf(state: State, name: string): { table: Table<unknown>; count: number } {
  return { table: listedAs(state, name), count: listing(state, name).rows.length }
}
