/** From the words of the command line to checked options. */

import type { OutputFormat } from '../batch/format.ts'
import { UserError, usageError } from '../errors.ts'
import type { User } from '../rights/user.ts'
import { findColumn } from '../table/arrange.ts'
import { kindsOf } from '../tracers/object/kinds.ts'
import { TracerFault, type TracerFile } from '../tracers/object/tracer-file.ts'
import { OVERVIEW, registry } from '../tracers/registry.ts'
import { VERSION } from '../version.ts'
import { type Arguments, readArguments, SEE_HELP } from './arguments.ts'
import type { FlagName } from './flags.ts'
import { helpText } from './help.ts'
import type { Command, Options } from './options.ts'
import type { System } from './system.ts'

const MIN_SECONDS = 0.1
const MAX_SECONDS = 3600

/** PID_MAX_LIMIT of a 64-bit kernel. */
const MAX_PID = 2 ** 22

const OUTPUTS = ['text', 'json', 'csv'] as const satisfies readonly OutputFormat[]

/** Flags that say nothing where the other one is given, or say the opposite. */
const CONTRADICTIONS: readonly (readonly [FlagName, FlagName])[] = [
  ['headless', 'batch'],
  ['headless', 'once'],
  ['headless', 'output'],
  ['once', 'iterations'],
  ['realtime', 'no-priority'],
  ['user', 'keep-root'],
  ['doctor', 'headless'],
  ['doctor', 'export'],
]

/** Flags of the export alone. */
const EXPORT_FLAGS: readonly FlagName[] = ['endpoint', 'export-interval', 'export-pids', 'export-top', 'export-spans']

const DEFAULT_EXPORT_TOP = 200
const MAX_EXPORT_TOP = 10_000

const DEFAULT_SLOW_NS = 10_000_000
const DURATION_UNITS: Readonly<Record<string, number>> = { us: 1e3, ms: 1e6, s: 1e9 }

/**
 * What the words after the program's name ask for.
 * @throws UserError with status 2 for whatever they ask that cannot be meant
 */
export function parseCommand(argv: readonly string[], system: System): Command {
  const args = readArguments(argv)
  if (args.given('help')) return { kind: 'help', text: helpText() }
  if (args.given('version')) return { kind: 'version', text: `${VERSION}\n` }
  const name = args.value('new-tracer')
  if (name !== null) return { kind: 'new-tracer', name }
  refuseContradictions(args)
  return { kind: args.given('doctor') ? 'doctor' : 'run', options: readOptions(args, system) }
}

function readOptions(args: Arguments, system: System): Options {
  const tracers = args.values('tracer').map(word => tracer(word, system))
  const view = choice(args, 'view', registry.views) ?? OVERVIEW
  const output = choice(args, 'output', OUTPUTS)
  const batch = args.given('batch') || args.given('once') || output !== null
  return {
    mode: args.given('headless') ? 'headless' : batch ? 'batch' : 'screen',
    pids: pids(args, system),
    intervalSeconds: seconds(args, 'delay') ?? 1,
    iterations: args.given('once') ? 1 : iterations(args),
    output: output ?? 'text',
    view,
    sort: sort(args, view),
    filter: args.value('filter') ?? '',
    export: exporter(args),
    slowNs: duration(args, 'slow') ?? DEFAULT_SLOW_NS,
    cost: args.given('cost'),
    colour: !args.given('no-color'),
    realtime: args.given('realtime') ? 'now' : args.given('no-priority') ? 'never' : 'asked',
    tracers,
    user: user(args, system),
    keepRoot: args.given('keep-root'),
    compat: args.given('compat'),
    btf: args.given('btf') ? readable('btf', args.value('btf') ?? '', system) : null,
  }
}

function refuseContradictions(args: Arguments): void {
  for (const [one, other] of CONTRADICTIONS) {
    if (args.given(one) && args.given(other)) {
      throw usageError(`--${one} and --${other} cannot be used together`, `remove one of them; ${SEE_HELP}`)
    }
  }
  if (args.given('headless') && !args.given('export')) {
    throw usageError('--headless has no effect without --export', 'add --export otlp')
  }
  for (const name of EXPORT_FLAGS) {
    if (args.given(name) && !args.given('export')) {
      throw usageError(`--${name} has no effect without --export`, 'add --export otlp')
    }
  }
}

function pids(args: Arguments, system: System): readonly number[] {
  const text = args.value('pid')
  if (text === null) return []
  const found: number[] = []
  for (const word of text.split(',')) {
    const pid = Number(word)
    if (!/^\d+$/.test(word) || pid < 1 || pid > MAX_PID) {
      throw usageError(`--pid: "${word}" is not a process id`, 'write numbers, separated by commas: --pid 1,42')
    }
    if (found.includes(pid)) throw usageError(`--pid: ${pid} is given twice`, 'give each process once')
    const owner = system.processOf(pid)
    if (owner === null) throw usageError(`--pid: there is no process ${pid}`, 'list the processes: ps -e')
    if (owner !== pid) {
      throw usageError(`--pid: ${pid} is a thread of process ${owner}`, `write --pid ${owner}`)
    }
    found.push(pid)
  }
  return found
}

function seconds(args: Arguments, name: 'delay' | 'export-interval'): number | null {
  const text = args.value(name)
  if (text === null) return null
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (value >= MIN_SECONDS && value <= MAX_SECONDS) return value
  throw usageError(
    `--${name}: "${text}" is not a number of seconds between ${MIN_SECONDS} and ${MAX_SECONDS}`,
    `write for example --${name} ${name === 'delay' ? 0.5 : 10}`,
  )
}

/** Nanoseconds, from 1 us to an hour. */
function duration(args: Arguments, name: 'slow'): number | null {
  const text = args.value(name)
  if (text === null) return null
  const [, number = '', unit = ''] = /^(\d+\.?\d*|\.\d+)(us|ms|s)$/.exec(text) ?? []
  const value = Math.round(Number(number) * (DURATION_UNITS[unit] ?? 0))
  if (value >= 1e3 && value <= MAX_SECONDS * 1e9) return value
  throw usageError(
    `--${name}: "${text}" is not a duration from 1us to ${MAX_SECONDS}s`,
    `write for example --${name} 10ms`,
  )
}

function iterations(args: Arguments): number | null {
  const text = args.value('iterations')
  if (text === null) return null
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value
  throw usageError(`--iterations: "${text}" is not a number of samples`, 'write a whole number, 1 or more')
}

function exportTop(args: Arguments): number {
  const text = args.value('export-top')
  if (text === null) return DEFAULT_EXPORT_TOP
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= MAX_EXPORT_TOP) return value
  throw usageError(
    `--export-top: "${text}" is not a number of processes`,
    `write a whole number from 1 to ${MAX_EXPORT_TOP}`,
  )
}

/** The value of a flag that must be one of `allowed`; null where it was not given. */
function choice<T extends string>(args: Arguments, name: FlagName, allowed: readonly T[]): T | null {
  const text = args.value(name)
  if (text === null) return null
  const found = allowed.find(value => value === text)
  if (found !== undefined) return found
  throw usageError(`--${name}: unknown value "${text}"`, `write one of ${allowed.join(', ')}`)
}

/** A column that a table of the view has: in the overview it orders those tables that have it. */
function sort(args: Arguments, view: string): string | null {
  const name = args.value('sort')
  if (name === null) return null
  const shown = view === OVERVIEW ? registry.overview : registry.tables.filter(table => table.name === view)
  if (shown.some(table => findColumn(table, name) !== undefined)) return name
  const columns = new Set(shown.flatMap(table => table.columns.map(column => column.id)))
  throw usageError(`--sort: ${view} has no column "${name}"`, `write one of ${[...columns].join(', ')}`)
}

function exporter(args: Arguments): Options['export'] {
  const protocol = choice(args, 'export', ['otlp'] as const)
  if (protocol === null) return null
  return {
    protocol,
    endpoint: args.value('endpoint'),
    intervalSeconds: seconds(args, 'export-interval'),
    pids: args.given('export-pids'),
    top: exportTop(args),
    spans: args.given('export-spans'),
  }
}

function user(args: Arguments, system: System): User | null {
  const name = args.value('user')
  if (name === null) return null
  if (!system.isRoot()) {
    throw new UserError('unable', '--user: only root can become another user', 'run it as root, or leave --user out')
  }
  const found = system.user(name)
  if (found !== null) return found
  throw usageError(
    `--user: "${name}" is no user, or one with the rights of root`,
    'see getent passwd for those there are, or write --keep-root to stay root',
  )
}

/** One of the tables from now on: views and columns are known by it. */
function tracer(word: string, system: System): TracerFile {
  try {
    const file = system.tracer(word)
    for (const kind of kindsOf(file)) registry.add(kind)
    return file
  } catch (error) {
    if (error instanceof TracerFault) throw usageError(`--tracer: ${error.message}`, error.remedy)
    if (error instanceof RangeError) {
      throw usageError(
        `--tracer ${word}: ${error.message}`,
        'give each tracer once, or a copy of its file with another name',
      )
    }
    throw error
  }
}

function readable(name: FlagName, file: string, system: System): string {
  if (system.isReadableFile(file)) return file
  throw usageError(`--${name}: cannot read the file ${file}`, 'give the path of a readable file')
}
