/** Connects what the command line asks for with what does it. Parts are loaded only where they are needed. */

import { Output } from '../batch/output.ts'
import { asUserError, explain, note, usageError } from '../errors.ts'
import type { Exporter } from '../otel/exporter.ts'
import type { Keeper } from '../rights/rights.ts'
import type { Sampler, SamplerSettings } from '../session.ts'
import { isUtf8 } from '../text/signs.ts'
import { registry } from '../tracers/registry.ts'
import { VERSION } from '../version.ts'
import { alsoFor, openExporter } from './export.ts'
import { leaveSoon, loadExit } from './leave.ts'
import { NoteSink } from './notes.ts'
import type { Command, Options } from './options.ts'
import { openTty } from './streams/tty.ts'
import { system } from './system.ts'

/**
 * Does it, and tells the exit status.
 * @throws whatever it fails with that nobody has read yet
 */
export async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
    case 'version':
      return print(command.text)
    case 'new-tracer':
      return print((await import('./new-tracer.ts')).writeNewTracer(command.name))
    case 'doctor':
      return runDoctor(command.options)
    case 'run':
      return watch(command.options)
  }
}

async function watch(options: Options): Promise<number> {
  if (options.mode === 'screen') await refuseNoTerminal()
  if (options.export === null) return show(options, null)
  // on the screen its state stands in the header
  const log = options.mode === 'screen' ? () => {} : note
  const { userFor } = await import('../leave-root/leave-root.ts')
  const exporter = await openExporter(options.export, userFor(options), log)
  try {
    return await show(options, exporter)
  } finally {
    await exporter.close()
  }
}

function show(options: Options, exporter: Exporter | null): Promise<number> {
  switch (options.mode) {
    case 'screen':
      return runScreen(options, exporter)
    case 'batch':
      return runBatch(options, exporter)
    case 'headless':
      return runHeadless(options, exporter)
  }
}

async function runDoctor(options: Options): Promise<number> {
  const { examine } = await import('../doctor/doctor.ts')
  const { text, status } = examine({ ...options, json: options.output === 'json' })
  await print(text)
  return status
}

/** Time until the screen shows its first numbers; then come the intervals that were asked for. */
const FIRST_INTERVAL_SECONDS = 0.1

async function openSampler(
  options: Options & Pick<SamplerSettings, 'firstIntervalSeconds'>,
  exporter: Exporter | null,
  onKeeper: (keeper: Keeper | null) => void = () => {},
): Promise<Sampler> {
  const { openSampler } = await import('../sample/open.ts')
  const { leaveRoot, userFor } = await import('../leave-root/leave-root.ts')
  // a terminal may be closed to whom the program becomes
  for (const stream of [process.stdout, process.stderr]) openTty(stream)
  const leaving = {
    ...options,
    screen: options.mode === 'screen',
    priority: options.realtime !== 'never',
    loadAll: () => Promise.all([loadExit(), options.mode === 'screen' && loadScreen()]),
  }
  // json has all tables, and an exporter alone none of those that are looked at only where they are shown
  const isJson = options.mode === 'batch' && options.output === 'json'
  const shown = isJson ? null : options.mode === 'screen' ? registry.shownIn(options.view) : [options.view]
  const sampler = await openSampler({ ...options, shown, owner: userFor(options) }, undefined, async plan => {
    const rights = await leaveRoot(plan, leaving)
    onKeeper(rights.keeper)
    return rights
  })
  // the screen has them in its help
  if (options.mode !== 'screen') for (const text of sampler.host.notes) note(text)
  const told = options.mode === 'screen' ? sampler : alsoFor(new NoteSink(note), sampler)
  return exporter === null ? told : alsoFor(exporter, told)
}

/** All parts of the screen, those among them that are loaded when it shows something already. */
async function loadScreen(): Promise<void> {
  const [{ loadView }] = await Promise.all([import('../ui/screen.ts'), import('../ui/terminal/jobs.ts')])
  await loadView()
}

async function runHeadless(options: Options, exporter: Exporter | null): Promise<number> {
  const { runHeadless } = await import('./headless.ts')
  const isWhole = await runHeadless(
    () => openSampler(options, exporter),
    () => leaveSoon(0, 'service'),
  )
  if (!isWhole) note('the last sample was not taken in time and is not exported')
  return 0
}

async function runBatch(options: Options, exporter: Exporter | null): Promise<number> {
  const batch = await import('../batch/run.ts')
  const { widenPipe } = await import('./streams/pipe.ts')
  widenPipe(process.stdout.fd)
  const settings = { ...options, terminal: process.stdout.isTTY, ascii: !isUtf8(process.env) }
  await batch.runBatch(() => openSampler(options, exporter), settings, openTty(process.stdout), openTty(process.stderr))
  return 0
}

async function runScreen(options: Options, exporter: Exporter | null): Promise<number> {
  // With DEV, Ink would look for the React developer tools.
  delete process.env.DEV
  const { Priority } = await import('./priority.ts')
  const priority = new Priority()
  const realtime = options.realtime !== 'now' ? undefined : priority.raise() ? 'raised' : 'refused'
  const settings = { ...options, firstIntervalSeconds: FIRST_INTERVAL_SECONDS }
  // before all else, so that the programs are loaded, on another thread, while the screen is
  await import('../sample/open.ts')
  let keeper: Keeper | null = null
  const opening = openSampler(settings, exporter, found => {
    keeper = found
  })
  const [sampler, { startScreen }, { jobsWith }] = await Promise.all([
    opening,
    import('../ui/screen.ts'),
    import('../ui/terminal/jobs.ts'),
  ])
  try {
    const screen = startScreen({
      ...options,
      host: sampler.host,
      session: sampler,
      version: VERSION,
      interval: options.intervalSeconds,
      sort: options.sort ?? undefined,
      stdin: process.stdin,
      stdout: openTty(process.stdout),
      processExists: pid => system.processOf(pid) === pid,
      explain,
      priority: options.realtime === 'never' ? null : priority,
      realtime,
      jobs: jobsWith(keeper),
      exporter: () => exporter?.status.shown ?? null,
    })
    const sampling = sampler.run(screen).then(
      () => screen.stop({ reason: 'done' }),
      error => screen.stop({ reason: 'error', error }),
    )
    const end = await screen.ended
    priority.lower()
    // The screen has printed it.
    const status = end.reason === 'error' ? asUserError(end.error).status : 0
    leaveSoon(status, 'screen')
    sampler.stop()
    await sampling
    return status
  } finally {
    sampler.close()
  }
}

async function refuseNoTerminal(): Promise<void> {
  const term = process.env.TERM ?? ''
  const remedy = 'add --batch or --output json for output without a terminal'
  if (!process.stdout.isTTY || !process.stdin.isTTY) {
    throw usageError(`${process.stdout.isTTY ? 'stdin' : 'stdout'} is not a terminal`, remedy)
  }
  const { isUnaddressable } = await import('../ui/terminal/ability.ts')
  if (isUnaddressable(process.env)) throw usageError(`a terminal of type "${term}" cannot show the screen`, remedy)
}

/**
 * Text on stdout.
 * @throws UserError where there is no room for it; a reader that goes away is no error
 */
async function print(text: string): Promise<number> {
  const output = new Output(process.stdout)
  await output.write(text)
  await output.flush()
  output.check()
  return 0
}
