import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isClosedTo, reaches } from '../../../src/rights/reach.ts'

const other = { name: 'other', uid: 4711, gid: 4711, groups: [] }
const own = { name: 'own', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: [] }

test('a file is reached through all folders above it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reach-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'sub/file')
  mkdirSync(join(folder, 'sub'))
  writeFileSync(file, '')
  const set = (outer: number, inner: number, mode: number): void => {
    chmodSync(folder, outer)
    chmodSync(join(folder, 'sub'), inner)
    chmodSync(file, mode)
  }
  set(0o755, 0o711, 0o644)
  expect(reaches(other, file)).toBe(true)
  set(0o700, 0o755, 0o644)
  expect(reaches(other, file)).toBe(false)
  expect(reaches(own, file)).toBe(true)
  set(0o755, 0o750, 0o644)
  expect(reaches(other, file)).toBe(false)
  expect(reaches({ ...other, groups: [own.gid] }, file)).toBe(true)
  set(0o755, 0o755, 0o644)
  expect(isClosedTo(other, file)).toBe(true)
  expect(isClosedTo(own, file)).toBe(false)
  expect(isClosedTo(other, join(folder, 'nothing'))).toBe(false)
  set(0o755, 0o755, 0o666)
  expect(isClosedTo(other, file)).toBe(false)
  set(0o700, 0o755, 0o666)
  expect(isClosedTo(other, file)).toBe(true)
  set(0o755, 0o755, 0o600)
  expect(reaches(other, file)).toBe(false)
  expect(reaches(other, join(folder, 'nothing'))).toBe(false)
})
