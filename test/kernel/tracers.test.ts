import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import koffi from 'koffi'
import { afterEach, expect, test } from 'vitest'
import { callWithNumber } from '../../src/bpf/kernel.ts'
import { FLAGS, OBJECTS, Top } from '../support/top.ts'
import { tracerObject } from '../support/tracer-objects.ts'

/** A number that no system call has, which this process alone uses. */
const NUMBER = 0x2a2a_2a2a

const call = (times: number): void => {
  for (let i = 0; i < times; i++) callWithNumber(NUMBER)
}

let running: Top | null = null

afterEach(async () => {
  await running?.stop().catch(() => {})
  running = null
})

async function start(...args: readonly string[]): Promise<Top> {
  running = await Top.start('-d', '0.3', ...args)
  return running
}

/** Rows of a tracer of this process in one sample. */
function ownRows(sample: object, tracer: string, pid: number = process.pid): Record<string, unknown>[] {
  const { tracers = {} }: { tracers?: Record<string, Record<string, unknown>[]> } = sample
  return (tracers[tracer] ?? []).filter(row => row.pid === pid)
}

/** Runs the program to its end. */
function once(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(OBJECTS, 'cli.js'), ...FLAGS, '--output', 'json', '-n', '2', '-d', '0.2', ...args],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  const samples: object[] = stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
  return { status, stderr, samples }
}

test('an object made for other tools is a table of what its maps hold', async () => {
  const top = await start('--tracer', `${tracerObject('calls')}?number=${NUMBER}`)
  call(5)
  const [first] = ownRows(await top.fresh(), 'calls')
  expect(first).toMatchObject({ pid: process.pid, value: 5 })
  call(7)
  expect(ownRows(await top.fresh(), 'calls')).toMatchObject([{ value: 12 }])
})

test('with delta by how much that rose in each interval, and parameters are what they were set to', async () => {
  const top = await start('--tracer', `${tracerObject('calls')}?number=${NUMBER}&delta&step=10`)
  call(5)
  await top.fresh()
  call(7)
  const samples = await top.finish()
  const counts = samples.flatMap(sample => ownRows(sample, 'calls').map(({ value }) => Number(value)))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(120)
})

test('rows of intervals, by the header that is shipped, add up to what happened', async () => {
  const top = await start('--tracer', `${tracerObject('exact')}?number=${NUMBER}`)
  for (let i = 0; i < 20; i++) {
    call(500)
    if (i % 7 === 0) await top.next()
  }
  const samples = await top.finish()
  const rows = samples.flatMap(sample => ownRows(sample, 'exact'))
  expect(rows.reduce((sum, { calls }) => sum + Number(calls), 0)).toBe(10_000)
  expect(rows.length).toBeGreaterThan(2)
  expect(rows[0]).toMatchObject({ pid: process.pid, name: expect.any(String), command: expect.any(String) })
  expect(
    samples.every(({ lost }) => Object.entries(lost).every(([name, count]) => name !== 'exact' || count === 0)),
  ).toBe(true)
})

test('the pid filter holds for them in the kernel', async () => {
  const top = await start('-p', '1', '--tracer', `${tracerObject('exact')}?number=${NUMBER}`)
  call(5)
  expect(ownRows(await top.fresh(), 'exact')).toEqual([])
  await top.stop()
  const watching = await start('-p', String(process.pid), '--tracer', `${tracerObject('exact')}?number=${NUMBER}`)
  call(5)
  const rows = (await watching.finish()).flatMap(sample => ownRows(sample, 'exact'))
  expect(rows.reduce((sum, { calls }) => sum + Number(calls), 0)).toBe(5)
})

test('what the verifier refuses is said in one line, with the file of its log; all else goes on', () => {
  const { status, stderr, samples } = once('--tracer', tracerObject('refused'))
  expect(status).toBe(0)
  expect(samples).toHaveLength(2)
  expect(samples[1]).toMatchObject({
    sources: { refused: expect.stringMatching(/^none \(this kernel's verifier refuses refused.bpf.o: /) },
    tracers: { refused: [] },
  })
  const [, file = ''] =
    /^ebpf-top: the tracer refused cannot be started: .*; the full log of the verifier is in (\S+)$/m.exec(stderr) ?? []
  expect(readFileSync(file, 'utf8')).toContain('R0')
})

test('what does not attach is said as well', () => {
  const { status, stderr, samples } = once('--tracer', tracerObject('unattached'))
  expect(status).toBe(0)
  expect(samples).toHaveLength(2)
  expect(stderr).toMatch(/^ebpf-top: the tracer unattached cannot be started: cannot attach nothing: \S+.*: .*$/m)
})

test('of ten million elements as many are read as there is time for, and it is said', () => {
  const { status, stderr, samples } = once('--tracer', tracerObject('huge'))
  expect(status).toBe(0)
  expect(samples).toHaveLength(2)
  expect(stderr).toMatch(
    /^ebpf-top: huge: of map huge \(up to 10000000 elements\) only \d+ are shown: there was no time for more$/m,
  )
})

test('nothing is left in the kernel when the program ends, and nobody but it runs meanwhile', async () => {
  const top = await start('--tracer', `${tracerObject('exact')}?number=${NUMBER}`)
  const ids = readdirSync(`/proc/${top.pid}/fdinfo`).flatMap(fd => {
    const id = /^(?:map|prog|link)_id:\s*(\d+)$/m.exec(readFileSync(`/proc/${top.pid}/fdinfo/${fd}`, 'utf8'))
    return id === null ? [] : [id[0].replace(/\s+/, ' ')]
  })
  expect(ids.length).toBeGreaterThan(5)
  const children = readFileSync(`/proc/${top.pid}/task/${top.pid}/children`, 'utf8').trim().split(' ')
  const loaders = children.filter(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--load-for-parent'))
  expect(loaders).toEqual([])
  await top.stop()
  await expect.poll(() => ids.filter(isInKernel), { timeout: 10_000 }).toEqual([])
})

const libbpf = koffi.load('libbpf.so.1')
const byId = {
  map_id: libbpf.func('int bpf_map_get_fd_by_id(uint32_t id)'),
  prog_id: libbpf.func('int bpf_prog_get_fd_by_id(uint32_t id)'),
  link_id: libbpf.func('int bpf_link_get_fd_by_id(uint32_t id)'),
}

function isInKernel(of: string): boolean {
  const [kind = '', id] = of.split(': ')
  const fd = kind === 'map_id' || kind === 'prog_id' || kind === 'link_id' ? byId[kind](Number(id)) : -1
  if (fd >= 0) closeSync(fd)
  return fd >= 0
}

const damaged = join(mkdtempSync(join(tmpdir(), 'ebpf-top-damaged-')), 'damaged.bpf.o')
writeFileSync(damaged, '#!/bin/sh\n')

test.each<readonly [string, readonly string[], string, string]>([
  ['a name that there is none of', ['nothing'], '--tracer: there is no tracer "nothing"', 'write one of execs, '],
  ['a missing file', ['./nothing.bpf.o'], '--tracer: cannot read the file ./nothing.bpf.o (ENOENT)', 'give the path'],
  ['no object', [damaged], `--tracer: ${damaged} is no ELF file`, 'compile it with clang'],
  [
    'an unknown parameter',
    ['calls?nope=1'],
    'has no parameter "nope"',
    'it has number (long, 0), step (unsigned int, 1)',
  ],
  [
    'a wrong value',
    ['calls?step=-1'],
    '"-1" is no value of step, which takes a whole number from 0 to 4294967295',
    'it has number',
  ],
  ['no value', ['calls?step'], '"" is no value of step', 'it has number'],
  ['a parameter given twice', ['calls?step=1&step=2'], 'step is given twice', 'give each parameter once'],
  ['a tracer given twice', ['calls', 'calls'], 'there is a view calls already', 'give each tracer once'],
])('%s is wrong usage: one line what, one what to do', (_, tracers, what, remedy) => {
  const words = tracers.map(word => (word.startsWith('calls') ? word.replace('calls', tracerObject('calls')) : word))
  const { status, stderr, samples } = once(...words.flatMap(word => ['--tracer', word]))
  expect({ status, samples }).toEqual({ status: 2, samples: [] })
  const [first = '', second = '', ...more] = stderr.split('\n')
  expect(first).toContain(what)
  expect(second).toMatch(/^ {2}/)
  expect(second).toContain(remedy)
  expect(more).toEqual([''])
})
