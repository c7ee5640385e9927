import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { OBJECTS } from '../support/top.ts'

/** The built program in a folder of its own, beside the packages that it needs. */
function copyOfProgram(): string {
  const folder = mkdtempSync(join(OBJECTS, '../.copy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(OBJECTS, folder, { recursive: true })
  return folder
}

test.each([
  ['that was cut off', (path: string) => truncateSync(path, 9000), 'not whole'],
  ['that is something else', (path: string) => writeFileSync(path, 'text\n'.repeat(100)), 'not a BPF object'],
  ['that is missing', (path: string) => rmSync(path), 'missing'],
] as const)('an object %s ends the program with status 3 and two lines', (_, damage, why) => {
  const folder = copyOfProgram()
  damage(join(folder, 'syscalls.bpf.o'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'cli.js'), '--once', '-d', '0.1'], {
    encoding: 'utf8',
  })
  expect({ status, stdout, stderr }).toEqual({
    status: 3,
    stdout: '',
    stderr: `ebpf-top: ${join(folder, 'syscalls.bpf.o')} is ${why}\n  build it again: npm run build\n`,
  })
})
