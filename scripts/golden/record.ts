/**
 * Records what the kernel tells the program below a small load, for test/unit/golden.test.ts: `npm run golden`, as root. Only the
 * processes of the load are told of; but sockets of all processes are in a recording, so nothing else should run meanwhile.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Workload } from '../../test/support/workload.ts'

const load = spawn(process.execPath, [join(import.meta.dirname, 'load.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
await once(load.stdout, 'data')

const hostile = [await Workload.start('hostile', 'names', 2), await Workload.start('hostile', 'namespaces', 1)]
const pids = [load.pid ?? 0, ...hostile.flatMap(({ pid }) => [pid, ...childrenOf(pid)])]
try {
  for (const mode of ['best', 'compat']) {
    const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')
    const env = {
      ...process.env,
      EBPF_TOP_GOLDEN: 'record',
      EBPF_TOP_GOLDEN_MODE: mode,
      EBPF_TOP_GOLDEN_PIDS: pids.join(','),
    }
    const recorder = spawn(process.execPath, [vitest, 'run', '--project', 'unit', 'test/unit/golden.test.ts'], {
      stdio: 'inherit',
      env,
    })
    const [status] = await once(recorder, 'exit')
    if (status !== 0) process.exitCode = 1
  }
} finally {
  load.kill()
  for (const workload of hostile) workload.kill()
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}
