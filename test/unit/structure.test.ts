/** What grows beyond these sizes holds two things: see CONTRIBUTING.md. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../../src')
const files = readdirSync(source, { withFileTypes: true, recursive: true }).filter(entry => entry.isFile())

test('no source file has more than 300 lines', () => {
  const lines = files.map(({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [path, readFileSync(path, 'utf8').split('\n').length - 1] as const
  })
  expect(lines.filter(([, count]) => count > 300)).toEqual([])
})

test('no source folder has more than 15 files', () => {
  const counts = new Map<string, number>()
  for (const { parentPath } of files) counts.set(parentPath, (counts.get(parentPath) ?? 0) + 1)
  expect([...counts].filter(([, count]) => count > 15)).toEqual([])
})
