/** Connects what the command line asks for with what does it. Parts are loaded only where they are needed. */

import { Output } from '../batch/output.ts'
import type { Sampler } from '../session.ts'
import { asUserError, explain, UserError, usageError } from './errors.ts'
import type { Command, Options } from './options.ts'
import { system } from './system.ts'
import { VERSION } from './version.ts'

/**
 * Does it, and tells the exit status.
 * @throws whatever it fails with that nobody has read yet
 */
export async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
    case 'version':
      return print(command.text)
    case 'doctor':
      throw notBuilt('--doctor')
    case 'run':
      return watch(command.options)
  }
}

function watch(options: Options): Promise<number> {
  refuseNotBuilt(options)
  switch (options.mode) {
    case 'screen':
      return runScreen(options)
    case 'batch':
      return runBatch(options)
    case 'headless':
      throw notBuilt('--headless')
  }
}

async function openSampler(options: Options): Promise<Sampler> {
  const { openSampler } = await import('../sample/sampler.ts')
  return openSampler(options)
}

async function runBatch(options: Options): Promise<number> {
  const batch = await import('../batch/run.ts')
  const settings = { ...options, terminal: process.stdout.isTTY }
  await batch.runBatch(() => openSampler(options), settings, process.stdout, process.stderr)
  return 0
}

async function runScreen(options: Options): Promise<number> {
  refuseNoTerminal()
  // With DEV, Ink would look for the React developer tools.
  delete process.env.DEV
  const [sampler, { startScreen }] = await Promise.all([openSampler(options), import('../ui/screen.tsx')])
  try {
    const screen = startScreen({
      ...options,
      host: sampler.host,
      session: sampler,
      version: VERSION,
      interval: options.intervalSeconds,
      sort: options.sort ?? undefined,
      stdin: process.stdin,
      stdout: process.stdout,
      processExists: pid => system.processOf(pid) === pid,
      explain,
    })
    const sampling = sampler.run(screen).then(
      () => screen.stop({ reason: 'done' }),
      error => screen.stop({ reason: 'error', error }),
    )
    const end = await screen.ended
    sampler.stop()
    await sampling
    // The screen has printed it.
    return end.reason === 'error' ? asUserError(end.error).status : 0
  } finally {
    sampler.close()
  }
}

function refuseNoTerminal(): void {
  const term = process.env.TERM ?? ''
  const remedy = 'add --batch or --output json for output without a terminal'
  if (!process.stdout.isTTY || !process.stdin.isTTY) {
    throw usageError(`${process.stdout.isTTY ? 'stdin' : 'stdout'} is not a terminal`, remedy)
  }
  if (term === '' || term === 'dumb') throw usageError(`a terminal of type "${term}" cannot show the screen`, remedy)
}

/** Flags that are understood but whose part is not connected yet. */
function refuseNotBuilt(options: Options): void {
  if (options.export !== null) throw notBuilt('--export')
  if (options.tracers.length > 0) throw notBuilt('--tracer')
  if (options.compat) throw notBuilt('--compat')
  if (options.btf !== null) throw notBuilt('--btf')
}

function notBuilt(flag: string): UserError {
  return new UserError('unable', `${flag} is not built yet`, `leave ${flag} out`)
}

/** Text on stdout; a reader that goes away is no error. */
async function print(text: string): Promise<number> {
  const output = new Output(process.stdout)
  await output.write(text)
  await output.flush()
  return 0
}
