import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadLibbpf } from '../../src/bpf/libbpf.ts'
import { SharedMaps } from '../../src/bpf/maps/shared-maps.ts'
import { BpfObject } from '../../src/bpf/object.ts'
import { nameOf } from '../../src/plan/need.ts'
import { BYTE_PROGRAMS } from '../../src/tracers/bytes/tracer.ts'
import { CONNECTION_PROGRAMS } from '../../src/tracers/connections/tracer.ts'
import { Opener } from '../../src/tracers/opening/opener.ts'
import { SYSCALL_PROGRAMS } from '../../src/tracers/syscalls/tracer.ts'
import { syscallNeed } from '../../src/tracers/syscalls/ways.ts'
import { lostConnections } from '../support/connections.ts'
import { Sockets } from '../support/sockets.ts'
import { lost, OBJECTS, sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

/** The built program in a folder of its own, beside the packages that it needs. */
function copyOfProgram(): string {
  const folder = mkdtempSync(join(OBJECTS, '../.copy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(OBJECTS, folder, { recursive: true })
  return folder
}

test.each([
  ['that was cut off', (path: string) => truncateSync(path, 9000), 'truncated'],
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
    stderr: `ebpf-top: ${join(folder, 'full.bpf.o')} is ${why}\n  install ebpf-top again; in a checkout: npm run setup\n`,
  })
})

/** Makes an object ask for a tracepoint that no kernel has, by its name in the file. */
function misname(path: string, tracepoint: string, kind = 'tp_btf'): void {
  const file = readFileSync(path, 'latin1')
  const named = file.replaceAll(`${kind}/${tracepoint}`, `${kind}/${'x'.repeat(tracepoint.length)}`)
  expect(named).not.toBe(file)
  writeFileSync(path, named, 'latin1')
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

/**
 * A program that cannot read what lies at an address, as before 6.2: it walks over sockets with their locks alone, and
 * asks which thread it is at the begin of every system call.
 */
function withoutCast(): string {
  const folder = copyOfProgram()
  for (const name of ['full', 'connections', 'syscalls']) {
    const path = join(folder, `${name}.bpf.o`)
    const file = readFileSync(path, 'latin1')
    writeFileSync(path, file.replaceAll('bpf_rdonly_cast', 'bpf_rdonly_xxxx'), 'latin1')
    expect(() => BpfObject.load(loadLibbpf(), path, new SharedMaps())).toThrow('refuses')
  }
  return folder
}

test.each(['together', 'apart'])(
  'connections are exact where they are walked with their locks, loaded %s',
  async how => {
    const folder = withoutCast()
    if (how === 'apart') misname(join(folder, 'full.bpf.o'), 'sys_enter')
    const workload = await Workload.start('load', 'stream', 1, 2)
    const workers = await workload.step('workers')
    const top = await Top.startIn(folder, '-d', 0.1, '-p', workers.join())
    const [connections = 0, bytes] = await workload.work()
    await workload.end()
    const samples = await top.finish()
    const rows = samples.flatMap(sample => sample.connections)
    expect(new Set(samples.map(sample => sample.sources.connections))).toEqual(new Set(['iter/tcp+tp_btf']))
    expect(rows.filter(row => row.closed)).toHaveLength(2 * connections)
    expect(sum(rows, row => row.sent_bytes)).toBe(bytes)
    expect(sum(rows, row => row.received_bytes)).toBe(bytes)
    expect(lostConnections(samples)).toBe(0)
  },
)

/** Counts the system calls of threads, which must be exact, and by that source. */
async function countCalls(source: string, folder: string, ...mode: string[]): Promise<void> {
  const threads = 8
  const workload = await Workload.start('calls', threads, 20_003, 501, 0, 0)
  const top = await Top.startIn(folder, '-d', 0.2, '-p', workload.pid, ...mode)
  await workload.work()
  await workload.end()
  const samples = await top.finish()
  const rows = samples.flatMap(sample => sample.syscalls)
  const of = (name: string) => rows.filter(row => row.syscall === name)
  expect(new Set(samples.map(sample => sample.sources.syscalls))).toEqual(new Set([source]))
  expect(sum(of('getppid'), row => row.count)).toBe(threads * 20_003)
  expect(sum(of('close'), row => row.errors)).toBe(threads * 501)
  expect(lost(samples, 'syscalls')).toBe(0)
}

test.each(['together', 'apart'])('system calls are exact where each asks for its thread, loaded %s', async how => {
  const folder = withoutCast()
  if (how === 'apart') misname(join(folder, 'full.bpf.o'), 'sys_enter')
  await countCalls('tp_btf', folder)
})

test.each([
  { kernel: 'can', folder: copyOfProgram, uses: 'sys_enter_again' },
  { kernel: 'cannot', folder: withoutCast, uses: 'sys_enter' },
])('one program tells the begin of a call where programs $kernel read any address', async ({ folder, uses }) => {
  const path = folder()
  for (const how of ['together', 'apart']) {
    if (how === 'apart') misname(join(path, 'full.bpf.o'), 'sys_enter')
    const opener = new Opener(loadLibbpf(), { folder: path, btf: null, rooms: {} })
    await opener.openTogether()
    expect(opener.has('syscalls')).toBe(how === 'together')
    const way = syscallNeed.ways.find(way => nameOf(way) === 'syscalls tp_btf')
    expect(way && opener.try(way)).toEqual({ works: true })
    const programs = opener
      .object('syscalls')
      .statistics()
      .map(({ name }) => name)
    opener.close()
    expect(programs.filter(name => name.startsWith('sys_'))).toEqual([uses, 'sys_exit'])
  }
})

/** A program that finds no raw tracepoints for system calls: what one does where its programs would be preempted. */
function withoutRaw(): string {
  const folder = copyOfProgram()
  for (const name of ['full', 'syscalls']) misname(join(folder, `${name}.bpf.o`), 'sys_enter')
  misname(join(folder, 'compat_syscalls.bpf.o'), 'sys_enter', 'raw_tp')
  return folder
}

describe.each([
  { mode: [], source: 'tp:raw_syscalls' },
  { mode: ['--compat'], source: 'tp:raw_syscalls+hash' },
])('where raw tracepoints are not used, by $source', ({ mode, source }) => {
  test('system calls of threads are counted exactly', async () => {
    await countCalls(source, withoutRaw(), ...mode)
  })

  test('a process is one, whichever of its threads ends first or executes another program', async () => {
    const workload = await Workload.start('handover', 1_009)
    const top = await Top.startIn(withoutRaw(), '-d', 0.2, '-p', workload.pid, ...mode)
    await workload.work()
    await workload.end()
    const samples = await top.finish()
    const calls = samples.flatMap(sample => sample.syscalls)
    const processes = samples.flatMap(sample => sample.processes)
    expect(sum(calls, row => (row.syscall === 'getppid' ? row.count : 0))).toBe(3 * 1_009)
    expect(sum(calls, row => (row.syscall === 'execve' ? row.count : 0))).toBe(1)
    expect(processes.filter(row => row.exited)).toMatchObject([{ pid: workload.pid, exited: true }])
  })

  test('bytes are what calls returned', async () => {
    const workload = await Workload.start('lengths')
    const top = await Top.startIn(withoutRaw(), '-d', 0.2, '-p', workload.pid, ...mode)
    const [sent, received] = await workload.work()
    const samples = await top.finish()
    await workload.end()
    const rows = samples.flatMap(sample => sample.processes)
    expect(sum(rows, row => row.sent_bytes)).toBe(sent)
    expect(sum(rows, row => row.received_bytes)).toBe(received)
    expect(lost(samples, 'bytes')).toBe(0)
  })
})

test('where raw tracepoints are not used, a connect that sent nothing is told with its address and error', async () => {
  const client = new Sockets()
  const top = await Top.startIn(withoutRaw(), '-d', 0.2, '-p', client.pid)
  // no program may connect to a multicast address
  const [errno = 0] = await client.tell('connect', 0, '224.0.0.1', 9)
  expect(errno).toBe(101)
  const samples = await top.finish()
  await client.kill()
  expect(samples.flatMap(sample => sample.connections)).toMatchObject([
    { pid: client.pid, remote: { address: '224.0.0.1', port: 9 }, error: 'ENETUNREACH', closed: true },
  ])
})

test.each([
  { name: 'full', lacks: [] },
  { name: 'plain', lacks: ['sys_enter_again'] },
])('runs of $name that the kernel left out count as lost for one tracer', ({ name, lacks }) => {
  const object = BpfObject.load(loadLibbpf(), join(OBJECTS, `${name}.bpf.o`), new SharedMaps())
  onTestFinished(() => object.close())
  const counted = [...SYSCALL_PROGRAMS, ...CONNECTION_PROGRAMS, ...BYTE_PROGRAMS].filter(
    name => !name.startsWith('fexit_') && !lacks.includes(name),
  )
  // these count nothing: the life of processes, walks, who acts on a socket, resets, and who stands in for another
  const others = /^(sched_|task_|walk_|owner_|tcp_destroy_)|_reset$|_understudy$/
  const all = object.statistics().map(({ name }) => name)
  expect(counted.toSorted()).toEqual(all.filter(name => !others.test(name)).toSorted())
})
