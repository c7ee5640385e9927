import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const MODULE = join(import.meta.dirname, '../../../src/cli/leave.ts')

it.each([0, 1])('a process that something holds for ever ends with status %i', status => {
  const text = `
    const { leaveSoon } = await import(${JSON.stringify(MODULE)})
    setInterval(() => {}, 1000)
    leaveSoon(${status})
    await new Promise(() => {})
  `
  const { status: found } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], { timeout: 60_000 })
  expect(found).toBe(status)
})
