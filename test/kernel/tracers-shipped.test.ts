import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { sum, Top } from '../support/top.ts'
import { type Row, rowsOf } from '../support/tracer-rows.ts'

let running: Top | null = null

afterEach(async () => {
  await running?.stop().catch(() => {})
  running = null
})

async function start(...args: readonly string[]): Promise<Top> {
  running = await Top.start('-d', '0.3', ...args)
  return running
}

test('execs: every program that is started, what became of it, and how long it ran', async () => {
  const top = await start('--tracer', 'execs')
  const long = spawn('sleep', ['1.5'], { stdio: 'ignore' })
  for (let i = 0; i < 5; i++) spawnSync('sh', ['-c', `exit ${i}`])
  for (let i = 0; i < 3; i++) spawnSync('sh', ['-c', 'kill -9 $$'])
  // one that executes another program in its place
  spawnSync('sh', ['-c', 'exec true'])
  spawnSync('true', ['x'.repeat(300)])
  await once(long, 'exit')
  const rows = rowsOf(await top.finish(), 'execs').filter(row => row.parent_pid === process.pid)
  const ended = rows.filter(({ duration_ns }) => duration_ns !== null)
  const told = ended.map(({ name, command, exit_code }) => [name, command, exit_code])
  expect(told.sort()).toEqual(
    [
      ...[0, 1, 2, 3, 4].map(i => ['sh', `sh -c exit ${i}`, i]),
      ...[0, 1, 2].map(() => ['sh', 'sh -c kill -9 $$', 128 + 9]),
      ['sh', 'sh -c exec true', null],
      ['true', 'true', 0],
      ['true', `true ${'x'.repeat(231)}…`, 0],
      ['sleep', 'sleep 1.5', 0],
    ].sort(),
  )
  const sleeper = rows.filter(({ pid }) => pid === long.pid)
  expect(sleeper[0]).toMatchObject({ name: 'sleep', duration_ns: null, exit_code: null })
  expect(sleeper.at(-1)?.duration_ns).toBeGreaterThan(1.5e9)
  expect(ended.every(({ duration_ns }) => Number(duration_ns) > 0)).toBe(true)
})

test('signals: each that is sent, by whom, and those of the kernel', async () => {
  const top = await start('--tracer', 'signals')
  const ignore = (): void => {}
  process.on('SIGUSR2', ignore)
  for (let i = 0; i < 1000; i++) process.kill(process.pid, 'SIGUSR2')
  for (let i = 0; i < 3; i++) spawnSync('sh', ['-c', 'kill -9 $$'])
  const victim = spawn('sleep', ['60'], { stdio: 'ignore' })
  victim.kill('SIGTERM')
  await once(victim, 'exit')
  const alarmed = spawn('perl', ['-e', 'use Time::HiRes; Time::HiRes::ualarm(1000); sleep 60'], { stdio: 'ignore' })
  await once(alarmed, 'exit')
  process.off('SIGUSR2', ignore)
  const rows = rowsOf(await top.finish(), 'signals')
  const count = (wanted: Row): number =>
    sum(
      rows.filter(row => Object.entries(wanted).every(([name, value]) => row[name] === value)),
      row => Number(row.count),
    )
  expect(count({ pid: process.pid, signal: 'SIGUSR2', sender_pid: process.pid })).toBe(1000)
  expect(count({ pid: victim.pid, name: 'sleep', signal: 'SIGTERM', sender_pid: process.pid })).toBe(1)
  expect(count({ pid: process.pid, signal: 'SIGCHLD', sender_name: 'sleep' })).toBe(1)
  expect(count({ pid: process.pid, signal: 'SIGCHLD', sender_name: 'sh' })).toBe(3)
  const killed = rows.filter(
    ({ name, signal, pid, sender_pid }) => name === 'sh' && signal === 'SIGKILL' && pid === sender_pid,
  )
  expect(killed.length).toBeGreaterThanOrEqual(3)
  expect(count({ pid: alarmed.pid, signal: 'SIGALRM', sender_pid: null, sender_name: '' })).toBe(1)
})

/** Does something for each line that it reads, and waits for the next. */
const WORK = 'while (<STDIN>) { for (1..40) { select(undef, undef, undef, 0.005); for (1..20000) {} } }'

test('runq: each switch of a process, its time on a processor and that which it waited', async () => {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn('perl', ['-e', `$| = 1; ${WORK}`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const switches = (): number =>
    sum([...readFileSync(`/proc/${child.pid}/status`, 'utf8').matchAll(/ctxt_switches:\s*(\d+)/g)], ([, n]) =>
      Number(n),
    )
  const onCpu = (): number => Number(readFileSync(`/proc/${child.pid}/schedstat`, 'utf8').split(' ')[0])
  /** It rests: nothing changes any more. */
  const atRest = async (): Promise<void> => {
    for (let before = -1; before !== switches(); ) {
      before = switches()
      await sleep(300)
    }
  }
  await atRest()
  const top = await start('--tracer', 'runq')
  await atRest()
  const [switchesBefore, onCpuBefore] = [switches(), onCpu()]
  child.stdin.write('go\n')
  await atRest()
  const [switched, ran] = [switches() - switchesBefore, onCpu() - onCpuBefore]
  const rows = rowsOf(await top.finish(), 'runq').filter(({ pid }) => pid === child.pid)
  child.kill()
  expect(switched).toBeGreaterThanOrEqual(40)
  expect(sum(rows, row => Number(row.switches))).toBe(switched)
  // the kernel leaves out of the one what it takes for itself, and we some of the switch itself
  expect(sum(rows, row => Number(row.on_cpu_ns)) / ran).toBeGreaterThan(0.8)
  expect(sum(rows, row => Number(row.on_cpu_ns)) / ran).toBeLessThan(1.25)
  for (const { runnable_ns, wait_ns } of rows) expect(wait_ns).toMatchObject({ sum: runnable_ns })
})
