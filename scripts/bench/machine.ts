/** What the figures were measured on. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release } from 'node:os'

/** One sentence for below a table. */
export function provenance(rounds: number): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const date = new Date().toISOString().slice(0, 10)
  return (
    `Measured ${date} at commit ${commit()}, in ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, on Linux ${release()}, ` +
    `${availableParallelism()} processors ${model} ${virtual() ? '(a virtual machine)' : ''}`.trimEnd() +
    `, Node ${process.versions.node}.`
  )
}

/** What else the machine does before it is measured: processes that ran, on average of the last minute. */
export function load(): number {
  return loadavg()[0] ?? 0
}

function commit(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', import.meta.dirname, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const changed = git('status', '--porcelain', '--', '../../src', '../../bpf').trim() !== ''
    return git('rev-parse', '--short', 'HEAD').trim() + (changed ? ' with changes' : '')
  } catch {
    return 'unknown'
  }
}

function virtual(): boolean {
  return /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
}
