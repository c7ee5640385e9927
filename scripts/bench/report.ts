/** The tables of docs/measurements.md, one between two markers for each subject, and the same for the terminal. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, spreadOf, type Unit, withUnit } from './measure.ts'

const FILE = join(import.meta.dirname, '../../docs/measurements.md')

/** What was measured of one subject. */
export interface Section {
  readonly name: string
  readonly title: string
  readonly method: string
  readonly figures: readonly Figure[]
  readonly notes: readonly string[]
  /** When and on what. */
  readonly provenance: string
}

/** A Markdown section. */
export function render({ title, method, figures, notes, provenance }: Section): string {
  const rows = figures.map(row => `| ${cells(row).join(' | ')} |`)
  const table = [
    '| what | goal | median | min .. max | of | reached |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ]
  return [`## ${title}`, method, table.join('\n'), ...notes, provenance].join('\n\n')
}

/** Puts a section in the place of the one that docs/measurements.md has of the same subject. */
export function write(section: Section): void {
  const text = readFileSync(FILE, 'utf8')
  const [from, to] = [`<!-- bench:${section.name} -->`, `<!-- /bench:${section.name} -->`]
  const start = text.indexOf(from)
  const end = text.indexOf(to)
  if (start < 0 || end < start) throw new Error(`${FILE} has no place for ${section.name}: ${from} ${to}`)
  writeFileSync(FILE, `${text.slice(0, start + from.length)}\n${render(section)}\n${text.slice(end)}`)
}

function cells({ what, goal, unit, values }: Figure): string[] {
  const { median, min, max, count } = spreadOf(values)
  return [
    what,
    goal?.text ?? '',
    withUnit(median, unit),
    `${bare(min, unit)} .. ${bare(max, unit)}`,
    String(count),
    goal === null ? '' : goal.holds(median) ? 'yes' : '**no**',
  ]
}

/** Without its unit, which stands beside it. */
function bare(value: number, unit: Unit): string {
  return unit === 'yes' ? withUnit(value, unit) : withUnit(value, 'count')
}
