import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { isCompat, Top } from '../support/top.ts'

/** A process that waits until the test has finished. */
async function waiting(command: string, ...args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  await once(child, 'spawn')
  return child.pid ?? 0
}

test('a call in flight is in each sample, ever longer, until the thread is back', async () => {
  const pid = await waiting('cat')
  const top = await Top.start('-d', 0.5, '-p', pid)
  const samples = [await top.next(), await top.next(), await top.next()]
  await top.stop()
  const rows = samples.flatMap(sample => sample.in_flight)
  expect(rows).toEqual(
    Array.from({ length: 3 }, () =>
      expect.objectContaining({
        ...{ pid, tid: pid, name: 'cat', syscall: 'read', thread_state: 'sleeping', idle: false },
        ...{ duration_is_minimum: true, started_ns: null, argument: expect.stringMatching(/^(pipe|socket):/) },
      }),
    ),
  )
  const durations = rows.map(row => row.duration_ns)
  expect(durations).toEqual(durations.toSorted((a, b) => a - b))
  expect(samples[0]?.sources.in_flight).toBe(isCompat ? 'iter/task+hash' : 'iter/task')
})

test('nothing of the program itself is in flight, nor of its children', async () => {
  await waiting('sleep', '1000')
  const top = await Top.start('-d', 0.3)
  const samples = [await top.next(), await top.next()]
  const children = readFileSync(`/proc/${top.pid}/task/${top.pid}/children`, 'utf8').trim().split(' ').map(Number)
  await top.stop()
  const rows = samples.flatMap(sample => sample.in_flight)
  expect(rows.filter(row => row.syscall === 'clock_nanosleep' && row.name === 'sleep' && row.idle)).not.toEqual([])
  expect(children.length).toBeGreaterThan(0)
  expect(rows.filter(row => row.pid === top.pid || children.includes(row.pid))).toEqual([])
})
