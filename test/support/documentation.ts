/** What the pages for readers show. */

import { readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../..')

/** What stands between two lines of three backquotes. */
export interface CodeBlock {
  /** As written behind the first three: `sh`, `text`. */
  readonly language: string
  readonly lines: readonly string[]
}

/** The text of a page, by its path in the checkout. */
export function pageText(page: string): string {
  return readFileSync(path.join(ROOT, page), 'utf8')
}

export function blocksIn(text: string): readonly CodeBlock[] {
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => ({
    language,
    lines: body.split('\n').slice(0, -1),
  }))
}

/** Commands in blocks for a shell; what stands behind `#` is a remark. */
export function shellLinesIn(text: string): readonly string[] {
  return blocksIn(text)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ lines }) => lines)
    .map(line => line.replace(/(^|\s+)#.*$/, ''))
    .filter(line => line !== '')
}

/** What stands between backquotes outside of code blocks, in one line. */
export function codeIn(text: string): readonly string[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, '')
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' ').replaceAll('\\|', '|'))
}

/** Links to files of the checkout, without the part behind `#`. */
export function linksIn(text: string): readonly string[] {
  return [...text.matchAll(/\]\((?!https?:|mailto:)([^)#]+)(?:#[^)]*)?\)/g)].flatMap(link => link[1] ?? [])
}

/** A table of a page. */
export interface PageTable {
  /** The heading that it stands below. */
  readonly heading: string
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** All tables, with their cells as they are written. */
export function tablesIn(text: string): readonly PageTable[] {
  const found: PageTable[] = []
  let heading = ''
  let rows: string[][] = []
  for (const line of [...text.split('\n'), '']) {
    if (line.startsWith('|')) {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1)
      rows.push(cells.map(cell => cell.trim().replaceAll('\\|', '|')))
      continue
    }
    const [heads, , ...others] = rows
    if (heads !== undefined) found.push({ heading, heads, rows: others })
    rows = []
    if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '')
  }
  return found
}
