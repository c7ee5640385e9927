/** What the pages for readers show. */

import { readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../..')

/** A command line in a code block. */
export interface ShownCommand {
  /** As a shell takes it. */
  readonly line: string
  /** The arguments of ebpf-top in it, without what the output is piped into. */
  readonly words: readonly string[]
}

/** The text of a page, by its path in the checkout. */
export function pageText(page: string): string {
  return readFileSync(path.join(ROOT, page), 'utf8')
}

/** Lines of code blocks that run ebpf-top; what stands behind `#` is a remark. */
export function commandsIn(text: string): readonly ShownCommand[] {
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].map(block => block[1] ?? '')
  return blocks
    .flatMap(block => block.split('\n'))
    .flatMap(raw => {
      const line = raw.replace(/\s+#.*$/, '')
      const found = /^(?:sudo |setpriv \S.* )?(?:\.\/)?ebpf-top\b(?<rest>(?: [^|]*)?)(?:\|.*)?$/.exec(line)
      if (found === null || line.includes('▶')) return []
      return [{ line, words: (found.groups?.rest ?? '').split(' ').filter(word => word !== '') }]
    })
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
