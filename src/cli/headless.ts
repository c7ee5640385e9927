import type { Sampler } from '../session.ts'

/** Signals that end the service. A second one acts as if nobody listened. */
const ENDING = ['SIGTERM', 'SIGINT'] as const

/** How long the last sample may take, in milliseconds. */
const PATIENCE_MS = 800

/**
 * Takes samples until a signal comes or there are as many as were asked for. The last one ends with the signal, so that
 * everything up to it is counted. `onSignal` is called when it comes.
 * @returns false where the last one was not taken in time
 * @throws what the sampler fails with
 */
export async function runHeadless(openSampler: () => Promise<Sampler>, onSignal: () => void): Promise<boolean> {
  // as of one that rereads its configuration; there is nothing to reread
  process.on('SIGHUP', () => {})
  const { promise: signalled, resolve: signal } = Promise.withResolvers<void>()
  const stop = (): void => {
    ignoreSignals()
    onSignal()
    signal()
  }
  const ignoreSignals = (): void => {
    for (const name of ENDING) process.off(name, stop)
  }
  for (const name of ENDING) process.on(name, stop)
  try {
    const sampler = await Promise.race([openSampler(), signalled])
    if (sampler === undefined) return true
    const taken = sampler.run({ take: () => {}, fail: () => {} }).finally(() => sampler.close())
    await Promise.race([taken, signalled])
    sampler.finish()
    const late = new Promise(resolve => setTimeout(resolve, PATIENCE_MS, 'late').unref())
    return (await Promise.race([taken, late])) !== 'late'
  } finally {
    ignoreSignals()
  }
}
