import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { system } from '../../../src/cli/system.ts'

describe('system', () => {
  it('knows this process, its threads, and what is no process', () => {
    expect(system.processOf(process.pid)).toBe(process.pid)
    for (const thread of readdirSync('/proc/self/task')) expect(system.processOf(Number(thread))).toBe(process.pid)
    expect(system.processOf(2 ** 22 + 1)).toBeNull()
  })

  it('knows files that can be read', () => {
    expect(system.isReadableFile(import.meta.filename)).toBe(true)
    expect(system.isReadableFile(import.meta.dirname)).toBe(false)
    expect(system.isReadableFile('/nowhere')).toBe(false)
  })
})
