import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadLibbpf } from '../../src/bpf/libbpf.ts'
import { BpfObject, SharedMaps } from '../../src/bpf/object.ts'
import { BYTE_PROGRAMS } from '../../src/tracers/bytes.ts'
import { CONNECTION_PROGRAMS } from '../../src/tracers/connections.ts'
import { SYSCALL_PROGRAMS } from '../../src/tracers/syscalls.ts'
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
  damage(join(folder, 'full.bpf.o'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'cli.js'), '--once', '-d', '0.1'], {
    encoding: 'utf8',
  })
  expect({ status, stdout, stderr }).toEqual({
    status: 3,
    stdout: '',
    stderr: `ebpf-top: ${join(folder, 'full.bpf.o')} is ${why}\n  build it again: npm run build\n`,
  })
})

/** Makes an object ask for a tracepoint that no kernel has, by its name in the file. */
function misname(path: string, tracepoint: string): void {
  const file = readFileSync(path)
  const at = file.indexOf(`tp_btf/${tracepoint}`)
  expect(at).toBeGreaterThan(0)
  file.write(`tp_btf/${'x'.repeat(tracepoint.length)}`, at)
  writeFileSync(path, file)
}

function sourcesOf(folder: string): unknown {
  const args = [join(folder, 'cli.js'), '--once', '-d', '0.1', '--output', 'json', '-p', String(process.pid)]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout).sources
}

test.each(['sock_send_length', 'sys_enter'])(
  'where all in one does not load for want of %s, each way works by itself',
  lacking => {
    const whole = copyOfProgram()
    const apart = copyOfProgram()
    misname(join(apart, 'full.bpf.o'), lacking)
    expect(sourcesOf(apart)).toEqual(sourcesOf(whole))
  },
)

test('runs that the kernel left out count as lost for one tracer, whichever program it was', () => {
  const object = BpfObject.load(loadLibbpf(), join(OBJECTS, 'full.bpf.o'), new SharedMaps())
  onTestFinished(() => object.close())
  const counted = [...SYSCALL_PROGRAMS, ...CONNECTION_PROGRAMS, ...BYTE_PROGRAMS].filter(
    name => !name.startsWith('fexit_'),
  )
  // these count nothing: the life of processes, walks, resets, and who stands in for another
  const others = /^(sched_|walk_)|_reset$|_understudy$/
  const all = object.statistics().map(({ name }) => name)
  expect(counted.toSorted()).toEqual(all.filter(name => !others.test(name)).toSorted())
})
