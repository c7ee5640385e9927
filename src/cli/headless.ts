import type { Sampler } from '../session.ts'

/** Signals that end the service. A second one acts as if nobody listened. */
const ENDING = ['SIGTERM', 'SIGINT'] as const

/** How long the last sample may take, in milliseconds: on a machine that is stuck the end matters more. */
const PATIENCE = 300

/**
 * Takes samples until a signal comes or there are as many as were asked for. The last one ends with the signal, so that
 * everything up to it is counted. What is still attached then, the kernel detaches when the process ends.
 * @throws what the sampler fails with
 */
export async function runHeadless(openSampler: () => Promise<Sampler>): Promise<void> {
  // as of one that rereads its configuration; there is nothing to reread
  process.on('SIGHUP', () => {})
  const { promise: signalled, resolve: signal } = Promise.withResolvers<void>()
  let stoppedMs = Number.POSITIVE_INFINITY
  const stop = (): void => {
    ignoreSignals()
    stoppedMs = Date.now()
    signal()
  }
  const ignoreSignals = (): void => {
    for (const name of ENDING) process.off(name, stop)
  }
  for (const name of ENDING) process.on(name, stop)
  try {
    const sampler = await Promise.race([openSampler(), signalled])
    if (sampler === undefined) return
    const taken = sampler.run({
      take: ({ time }) => {
        if (Date.parse(time) >= stoppedMs) sampler.stop()
      },
      fail: () => {},
    })
    await Promise.race([taken, signalled])
    // the interval ends here
    sampler.setInterval(0)
    const late = new Promise(resolve => setTimeout(resolve, PATIENCE).unref())
    await Promise.race([taken.finally(() => sampler.close()), late])
  } finally {
    ignoreSignals()
  }
}
