/** What stands on a terminal as SVG: text stays text, and each cell has its place whatever font there is. */

import type { IBufferCell, Terminal } from '@xterm/headless'

/** Size of a cell and of the letters in it, in pixels. */
const CELL = { width: 8.4, height: 18, baseline: 13.5, letters: 14 } as const

const FONT = "'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace"

const FOREGROUND = '#cccccc'
const BACKGROUND = '#1e1e1e'

/** The sixteen colours that a terminal may choose itself. */
const COLOURS = [
  ...['#1e1e1e', '#f14c4c', '#23d18b', '#e5e510', '#3b8eea', '#d670d6', '#29b8db', '#cccccc'],
  ...['#7a7a7a', '#ff6b6b', '#4be3a5', '#f5f543', '#6cb0f5', '#e08ee0', '#5fd3ef', '#ffffff'],
]

interface Look {
  readonly foreground: string
  readonly background: string
  readonly bold: boolean
  readonly underlined: boolean
}

interface Run extends Look {
  readonly from: number
  text: string
  cells: number
}

/** @param title what it shows, for who does not see it */
export function toSvg(terminal: Terminal, title: string): string {
  const [width, height] = [Math.ceil(terminal.cols * CELL.width), terminal.rows * CELL.height]
  const lines = Array.from({ length: terminal.rows }, (_, y) => runsOf(terminal, y).flatMap(run => drawn(run, y)))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="${BACKGROUND}"/>
<g font-family="${FONT}" font-size="${CELL.letters}" fill="${FOREGROUND}">
${lines.flat().join('\n')}
</g>
</svg>
`
}

/** Cells next to each other that look the same. */
function runsOf(terminal: Terminal, y: number): Run[] {
  const { active } = terminal.buffer
  const line = active.getLine(active.baseY + y)
  const runs: Run[] = []
  for (let x = 0; x < terminal.cols; x++) {
    const cell = line?.getCell(x)
    // the second half of a wide character
    if (cell === undefined || cell.getWidth() === 0) continue
    const look = lookOf(cell)
    const last = runs.at(-1)
    const run = last !== undefined && isSame(last, look) ? last : { ...look, from: x, text: '', cells: 0 }
    if (run !== last) runs.push(run)
    run.text += cell.getChars() || ' '
    run.cells += cell.getWidth()
  }
  return runs
}

function isSame(one: Look, other: Look): boolean {
  return (
    one.foreground === other.foreground &&
    one.background === other.background &&
    one.bold === other.bold &&
    one.underlined === other.underlined
  )
}

function lookOf(cell: IBufferCell): Look {
  const foreground = cell.isFgDefault() ? FOREGROUND : colour(cell.getFgColor(), cell.isFgRGB())
  const background = cell.isBgDefault() ? BACKGROUND : colour(cell.getBgColor(), cell.isBgRGB())
  const [front, back] = cell.isInverse() !== 0 ? [background, foreground] : [foreground, background]
  return {
    foreground: cell.isDim() !== 0 ? mixed(front, back) : front,
    background: back,
    bold: cell.isBold() !== 0,
    underlined: cell.isUnderline() !== 0,
  }
}

/** Of the palette of 256: sixteen of the terminal, a cube of six steps each, and greys. */
function colour(value: number, isRgb: boolean): string {
  if (isRgb) return hex(value >> 16, (value >> 8) & 255, value & 255)
  const own = COLOURS[value]
  if (own !== undefined) return own
  if (value >= 232) return hex(...([1, 1, 1].map(() => 8 + 10 * (value - 232)) as [number, number, number]))
  const step = (part: number): number => (part === 0 ? 0 : 55 + 40 * part)
  const place = value - 16
  return hex(step(Math.floor(place / 36)), step(Math.floor(place / 6) % 6), step(place % 6))
}

function hex(...parts: readonly [number, number, number]): string {
  return `#${parts.map(part => part.toString(16).padStart(2, '0')).join('')}`
}

/** Between two colours, nearer to the first. */
function mixed(one: string, other: string): string {
  const part = (text: string, i: number): number => Number.parseInt(text.slice(1 + 2 * i, 3 + 2 * i), 16)
  const between = (i: number): number => Math.round(0.6 * part(one, i) + 0.4 * part(other, i))
  return hex(between(0), between(1), between(2))
}

function drawn(run: Run, y: number): string[] {
  const parts: string[] = []
  const at = (x: number): string => (x * CELL.width).toFixed(1)
  if (run.background !== BACKGROUND) {
    const size = `width="${at(run.cells)}" height="${CELL.height}"`
    parts.push(`<rect x="${at(run.from)}" y="${y * CELL.height}" ${size} fill="${run.background}"/>`)
  }
  const style = [
    run.foreground === FOREGROUND ? '' : ` fill="${run.foreground}"`,
    run.bold ? ' font-weight="bold"' : '',
    run.underlined ? ' text-decoration="underline"' : '',
  ].join('')
  // a word by itself keeps its place where the font has other widths
  for (const { 0: word, index } of run.text.matchAll(/\S+(?: \S+)*/g)) {
    const place = `x="${at(run.from + index)}" y="${y * CELL.height + CELL.baseline}"`
    const length = `textLength="${at(word.length)}" lengthAdjust="spacingAndGlyphs"`
    parts.push(`<text ${place} ${length}${style}>${escaped(word)}</text>`)
  }
  return parts
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
