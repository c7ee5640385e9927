import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { widenPipe } from '../../../src/cli/streams/pipe.ts'

it('gives a pipe that nobody reads room for samples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const fd = openSync(join(folder, 'pipe'), constants.O_RDWR | constants.O_NONBLOCK)
  onTestFinished(() => closeSync(fd))
  widenPipe(fd)
  const line = Buffer.alloc(1 << 16)
  for (let written = 0; written < 1 << 20; written += line.length) expect(writeSync(fd, line)).toBe(line.length)
})

it('leaves what is no pipe as it is', () => {
  const fd = openSync('/dev/null', 'w')
  onTestFinished(() => closeSync(fd))
  widenPipe(fd)
  widenPipe(-1)
})
