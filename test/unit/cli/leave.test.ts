import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const MODULE = join(import.meta.dirname, '../../../src/cli/leave.ts')
const KERNEL = join(import.meta.dirname, '../../../src/bpf/kernel.ts')

it.each([0, 1])('a process that something holds for ever ends with status %i', status => {
  const text = `
    const { leaveSoon } = await import(${JSON.stringify(MODULE)})
    setInterval(() => {}, 1000)
    leaveSoon(${status}, 'screen')
    await new Promise(() => {})
  `
  const { status: found } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], { timeout: 60_000 })
  expect(found).toBe(status)
})

it('so does one all of whose threads wait in the middle of a call, and what listens to its end is heard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leave-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const text = `
    const { open } = await import('node:fs')
    const { leaveSoon } = await import(${JSON.stringify(MODULE)})
    await import(${JSON.stringify(KERNEL)})
    process.on('exit', status => process.stdout.write('ends with ' + status))
    for (let i = 0; i < 64; i++) open(${JSON.stringify(fifo)}, () => {})
    leaveSoon(3, 'service')
  `
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], { timeout: 60_000 })
  expect(status).toBe(3)
  expect(stdout.toString()).toBe('ends with 3')
})
