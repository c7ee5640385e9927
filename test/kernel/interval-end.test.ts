import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { OBJECTS } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

const FLAGS = (process.env.EBPF_TOP_TEST_FLAGS ?? '').split(' ').filter(flag => flag !== '')

const CALLS = 700

/** Waits until it counts: no sample tells. Its programs are there, and it had time to begin. */
async function counting(pid: number): Promise<void> {
  const hasPrograms = (): boolean =>
    readdirSync(`/proc/${pid}/fd`).some(fd => readlinkSync(`/proc/${pid}/fd/${fd}`).includes('bpf-prog'))
  while (!tried(hasPrograms)) await sleep(20)
  await sleep(2000)
}

/** What was closed meanwhile is not there. */
function tried(look: () => boolean): boolean {
  try {
    return look()
  } catch {
    return false
  }
}

describe('the interval under way', () => {
  it.each([
    ['SIGINT', ['--output', 'json']],
    ['SIGTERM', ['--output', 'json']],
    ['SIGTERM', ['--output', 'csv', '--view', 'processes']],
    ['SIGINT', ['--batch', '--view', 'processes']],
  ] as const)('is printed, with all that was counted in it, at %s (%s)', async (signal, form) => {
    const workload = await Workload.start('calls', 1, CALLS, 0, 0, 0)
    const program = [join(OBJECTS, 'cli.js'), ...form, '-p', String(workload.pid), '-d', '600', ...FLAGS]
    const top = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(top, 'exit')
    let text = ''
    top.stdout.on('data', chunk => {
      text += chunk
    })
    await counting(top.pid ?? 0)
    await workload.work()
    top.kill(signal)
    expect(await ended).toEqual([0, null])
    workload.kill()
    if (form[1] === 'json') {
      const lines = text.trimEnd().split('\n')
      expect(lines).toHaveLength(1)
      const { processes, syscalls } = JSON.parse(lines[0] ?? '')
      expect(processes.map((row: { pid: number }) => row.pid)).toEqual([workload.pid])
      expect(syscalls.find((row: { syscall: string }) => row.syscall === 'getppid')?.count).toBe(CALLS)
    } else {
      expect(text).toMatch(new RegExp(`\\b${workload.pid}\\b`))
    }
  })
})
