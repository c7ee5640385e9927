import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LastingParts } from '../../../src/bpf/maps/lasting.ts'

test('a part that cannot be mapped anew is an error, also the next time, and what is read of it stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-lasting-'))
  const fd = openSync(join(folder, 'map'), 'w+')
  rmSync(folder, { recursive: true })
  const size = 1 << 20
  ftruncateSync(fd, size)
  const parts = new LastingParts(fd, size)
  const { bytes, release } = parts.read(0, 10)
  bytes.setUint8(0, 5)
  closeSync(fd)
  expect(() => parts.read(0, size)).toThrow('mmap')
  expect(() => parts.read(0, 10)).toThrow('mmap')
  expect(bytes.getUint8(0)).toBe(5)
  release()
  parts.close()
})
