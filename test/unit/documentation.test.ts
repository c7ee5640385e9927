import { existsSync, globSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents } from '../../scripts/release/documents.ts'
import { parseCommand } from '../../src/cli/parse.ts'
import type { System } from '../../src/cli/system.ts'
import { commandsIn, linksIn, pageText } from '../support/documentation.ts'

/** The pages that packages bring. */
const SHIPPED = documents()

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/*.md')]

/** Any process and any file: those of the examples are not of this machine. */
const anything: System = { processOf: pid => pid, isReadableFile: () => true }

/** What the launcher in a checkout does by itself. */
const OF_LAUNCHER = /^--(un)?install$/

describe.each(PAGES)('%s', page => {
  const text = pageText(page)

  test('shows commands that are right', () => {
    for (const { words } of commandsIn(text)) {
      if (words.length === 1 && OF_LAUNCHER.test(words[0] ?? '')) continue
      expect(() => parseCommand(words, anything), words.join(' ')).not.toThrow()
    }
  })

  test('leads to files that are there', () => {
    for (const link of linksIn(text)) {
      expect(existsSync(path.join(path.dirname(page), link)), link).toBe(true)
    }
  })
})

test('links of what packages bring lead to what they bring', () => {
  for (const page of SHIPPED.filter(name => name.endsWith('.md'))) {
    for (const link of linksIn(pageText(page))) {
      const target = path.join(path.dirname(page), link)
      expect(
        SHIPPED.some(name => name === target || name.startsWith(`${target.replace(/\/$/, '')}/`)),
        `${page}: ${link}`,
      ).toBe(true)
    }
  }
})
