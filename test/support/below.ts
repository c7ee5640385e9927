import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type JsonSample, OBJECTS } from './top.ts'

const PROGRAM = join(OBJECTS, 'cli.js')

/** What the program says when it is started by another command, such as setpriv, which changes what it may do. */
export function outcomeBelow(command: readonly string[], ...flags: readonly string[]) {
  const [program = '', ...args] = [...command, process.execPath, PROGRAM, ...flags]
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  return { status, stdout, stderr }
}

/** One sample, made below a command. */
export function sampleBelow(command: readonly string[], ...flags: readonly string[]): JsonSample {
  const [program = '', ...args] = [...command, process.execPath, PROGRAM, '--once', '--output', 'json', ...flags]
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore']
  const sample: JsonSample = JSON.parse(execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio }))
  return sample
}

/** The lines of a script of the shell, run in a mount namespace of its own before the program is. */
export function afterMounting(...lines: readonly string[]): string[] {
  return ['unshare', '--mount', 'sh', '-ec', [...lines, 'exec "$@"'].join('\n'), 'sh']
}

/** An ordinary user with these capabilities only. */
export function user(...capabilities: readonly string[]): string[] {
  const set = capabilities.map(name => `+${name}`).join(',')
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  return set === '' ? nobody : [...nobody, `--inh-caps=${set}`, `--ambient-caps=${set}`]
}
