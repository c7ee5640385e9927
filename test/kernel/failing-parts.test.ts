import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { samplerOf } from '../../src/sample/open.ts'
import type { Sample } from '../../src/sample/sample.ts'
import type { Losses } from '../../src/tracers/loss.ts'
import { openTracers, type Tracers } from '../../src/tracers/opening/open.ts'
import { listsOf } from '../support/samples.ts'
import { Sockets } from '../support/sockets.ts'
import { FLAGS, isCompat, OBJECTS, sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

const WHY = new Error('bad file descriptor\n\u001b[31m and more')

/** What cannot be done, every other time that it is asked for. */
function everyOther<T>(action: () => T): () => T {
  let times = 0
  return () => {
    times++
    if (times % 2 === 0) throw WHY
    return action()
  }
}

/** Every other call of what one of the connections' methods does fails. */
function withoutWalks(tracers: Tracers): Tracers {
  const { connections } = tracers
  const walk = everyOther(() => connections.walk())
  const { source, closed } = connections
  return {
    ...tracers,
    connections: {
      source,
      closed,
      walk: async () => walk(),
      readOpen: () => connections.readOpen(),
      readClosed: epoch => connections.readClosed(epoch),
      takeLost: () => connections.takeLost(),
    },
  }
}

function withoutCalls(tracers: Tracers): Tracers {
  const { syscalls } = tracers
  let epoch = 0
  const read = everyOther(() => syscalls.read(epoch))
  return {
    ...tracers,
    syscalls: {
      source: syscalls.source,
      rows: { prepare: next => syscalls.rows.prepare(next) },
      loss: syscalls.loss,
      read(now) {
        epoch = now
        return read()
      },
    },
  }
}

/** Something was lost of each kind while the programs were attached, and nothing since. */
function withEarlyLosses(tracers: Tracers): Tracers {
  const { connections, syscalls, bytes, slowCalls } = tracers
  const lost = [{ no_row: 7 }, { no_memory: 5 }, { missed: 3 }].values()
  const once = (): Losses => lost.next().value ?? {}
  return {
    ...tracers,
    connections: {
      source: connections.source,
      closed: connections.closed,
      walk: () => connections.walk(),
      readOpen: () => connections.readOpen(),
      readClosed: epoch => connections.readClosed(epoch),
      takeLost: once,
    },
    syscalls: {
      source: syscalls.source,
      rows: syscalls.rows,
      read: epoch => syscalls.read(epoch),
      loss: { take: once },
    },
    bytes: { source: bytes.source, loss: { take: once } },
    slowCalls,
  }
}

/** Runs it until so many samples were taken, all of which the workload is in. */
async function samplesOf(broken: (tracers: Tracers) => Tracers): Promise<{ samples: Sample[]; bytes: number }> {
  const workload = await Workload.start('load', 'stream', 2, 2)
  const pids = [workload.pid, ...(await workload.step('workers'))]
  const settings = { pids, intervalSeconds: 0.05, iterations: null, compat: false }
  const sampler = samplerOf(broken(await openTracers(OBJECTS, pids)), settings, OBJECTS)
  const samples: Sample[] = []
  const running = sampler.run({
    take: sample => {
      samples.push(sample.hold())
    },
    fail: error => {
      throw error
    },
  })
  onTestFinished(async () => {
    sampler.stop()
    await running
    sampler.close()
  })
  while (samples.length === 0) await setTimeout(10)
  const [, bytes = 0] = await workload.work()
  await workload.end()
  const until = samples.length + 4
  while (samples.length < until) await setTimeout(10)
  return { samples, bytes }
}

const REASON = 'bad file descriptor'

describe('a part that fails every other time', () => {
  test('says so, and the other parts are exact: connections', async () => {
    const { samples, bytes } = await samplesOf(withoutWalks)
    const failed = samples.filter(sample => sample.sources.connections.startsWith('none'))
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(samples.length)
    for (const { sources, notes } of failed) {
      expect(sources).toEqual({ ...samples.at(0)?.sources, ...sources, connections: `none (${REASON})` })
      expect(notes).toEqual([`connections could not be read: ${REASON}`])
    }
    const rows = samples.flatMap(sample => listsOf(sample).connections)
    // what moved while nobody looked is in the next sample
    expect(sum(rows, row => row.sent_bytes)).toBe(bytes)
    expect(
      sum(
        samples.flatMap(sample => listsOf(sample).processes),
        row => row.sent_bytes,
      ),
    ).toBe(bytes)
  })

  test('says so, and the other parts are exact: system calls', async () => {
    const { samples, bytes } = await samplesOf(withoutCalls)
    const failed = samples.filter(sample => sample.sources.syscalls.startsWith('none'))
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(samples.length)
    for (const sample of failed) {
      expect(sample.notes).toEqual([`syscalls could not be read: ${REASON}`])
      expect(listsOf(sample).syscalls).toEqual([])
    }
    expect(
      sum(
        samples.flatMap(sample => listsOf(sample).connections),
        row => row.sent_bytes,
      ),
    ).toBe(bytes)
    expect(
      sum(
        samples.flatMap(sample => listsOf(sample).processes),
        row => row.sent_bytes,
      ),
    ).toBe(bytes)
  })
})

test('what was lost before the first interval is lost from none', async () => {
  const { samples } = await samplesOf(withEarlyLosses)
  for (const { lost, losses } of samples) {
    expect(lost).toMatchObject({ syscalls: 0, connections: 0, bytes: 0 })
    expect(losses).toEqual([])
  }
})

test('programs that cannot be started to ask are said, and tried again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'failing-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  // whoever it becomes may start them
  chmodSync(folder, 0o755)
  const dist = join(folder, 'dist')
  cpSync(OBJECTS, dist, { recursive: true })
  symlinkSync(join(OBJECTS, '../node_modules'), join(folder, 'node_modules'))
  const helpers = ['facts', 'diag'].map(name => join(dist, name))
  for (const helper of helpers) chmodSync(helper, 0o644)
  const top = await Top.startIn(dist, '-d', 0.2)
  // what it says of them on stderr is not the matter here
  onTestFinished(() => top.stop().catch(() => {}))
  const without = await top.next()
  expect(without.notes).toContain(
    'of idle processes only the name is known: the program facts cannot be started: EACCES',
  )
  if (isCompat) expect(without.sources.connections).toBe('none (the program diag cannot be started: EACCES)')
  for (const helper of helpers) chmodSync(helper, 0o755)
  // one that has a socket and rests is asked for
  const resting = await Workload.start('hostile', 'sockets', 1)
  onTestFinished(() => resting.kill())
  let after = await top.fresh()
  while (after.notes.length > 0) after = await top.next()
  expect(after.sources.connections).not.toContain('none')
})

/** How many open files a process may have; those that it has stay. */
function limitFiles(pid: number, most: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`])
}

test.each([47, 53, 56, 58, 60, 66, 74, 82, 90, 93])('with %i open files what can be measured is', files => {
  const program = [
    process.execPath,
    join(OBJECTS, 'cli.js'),
    '--output',
    'json',
    '-n',
    '2',
    '-d',
    '0.1',
    '--keep-root',
    ...FLAGS,
  ]
  const command = ['-c', `ulimit -n ${files}; exec "$@"`, 'sh', ...program]
  const { status, stdout, stderr } = spawnSync('sh', command, { encoding: 'utf8', maxBuffer: 1 << 28 })
  expect(stderr).not.toContain('bug')
  expect(status).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(2)
  for (const line of stdout.trim().split('\n')) {
    expect(JSON.parse(line).sources).toMatchObject({ syscalls: expect.not.stringContaining('none') })
  }
})

test('system calls go on where no more files may be open, the rest says why not, and comes back', async () => {
  // of another user its limits cannot be set without more capabilities
  const top = await Top.start('-d', 0.2, '--keep-root')
  // what it says on stderr is not the matter here
  onTestFinished(() => top.stop().catch(() => {}))
  const sockets = new Sockets()
  await sockets.tell('listen', 0, '127.0.0.1', 0, 8)
  const [, child] = await sockets.tell('fork')
  const means = (await top.fresh()).sources
  limitFiles(top.pid, 3)
  // who else has it, all open files would tell
  await sockets.tell('close', 0)
  let during = await top.fresh()
  while (during.notes.length === 0) during = await top.next()
  expect(during.sources.syscalls).toBe(means.syscalls)
  expect(during.processes.length).toBeGreaterThan(0)
  if (!isCompat) expect(during.lost.connections).toBeGreaterThan(0)
  limitFiles(top.pid, 512)
  let after = await top.fresh()
  while (after.notes.length > 0 || !after.listeners.some(({ pid }) => pid === child)) after = await top.next()
  expect(after.sources).toEqual(means)
})
