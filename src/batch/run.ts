import type { Writable } from 'node:stream'
import type { Sampler } from '../session.ts'
import { type BatchSettings, batchFormat } from './format.ts'
import { Output } from './output.ts'

/** Signals that end batch mode. A second one acts as if nobody listened. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How long the last sample may take once a signal has come, in milliseconds. */
const PATIENCE_MS = 1500

/**
 * Prints samples until there are as many as were asked for, a signal comes, or nobody reads any more. The interval under
 * way ends with the signal, and is printed: everything up to it is counted. A slow reader makes the intervals longer; no
 * sample is left out. Data goes to `stdout`, all else to `stderr`.
 * @throws what the sampler fails with; UserError where `stdout` cannot be written to, or was not read in time after a
 * signal, so that its last line may be incomplete
 */
export async function runBatch(
  openSampler: () => Promise<Sampler>,
  settings: BatchSettings,
  stdout: Writable,
  stderr: Writable,
): Promise<void> {
  const format = batchFormat(settings)
  const unread = new AbortController()
  const { promise: signalled, resolve: signal } = Promise.withResolvers<void>()
  const output = new Output(stdout, () => unread.abort())
  const errors: Error[] = []

  const print = async (sampler: Sampler): Promise<void> => {
    await output.write(format.header)
    if (unread.signal.aborted) return
    await sampler.run({
      take: async sample => {
        const note = format.note(sample)
        if (note !== '') stderr.write(`ebpf-top: ${note}\n`)
        await output.writeAll(format.sample(sample))
      },
      fail: error => errors.push(error),
    })
  }
  const ignoreSignals = onSignals(() => {
    ignoreSignals()
    output.hurry()
    signal()
  })
  try {
    const sampler = await Promise.race([openSampler(), signalled])
    if (sampler === undefined) return
    unread.signal.addEventListener('abort', () => sampler.stop())
    const taken = print(sampler).finally(() => sampler.close())
    await Promise.race([taken, signalled])
    sampler.finish()
    await Promise.race([taken, new Promise(resolve => setTimeout(resolve, PATIENCE_MS).unref())])
    await output.flush()
  } finally {
    ignoreSignals()
  }
  for (const error of errors) throw error
  output.check()
}

/** Listens to all of SIGNALS; what it returns ends that. */
function onSignals(listener: () => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
