import type { Writable } from 'node:stream'
import { UserError } from '../cli/errors.ts'
import type { Sampler } from '../session.ts'
import { type BatchSettings, batchFormat } from './format.ts'
import { Output } from './output.ts'

/** Signals that end batch mode; what was printed until then is whole. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Prints samples until there are as many as were asked for, a signal comes, or nobody reads any more. A slow reader
 * makes the intervals longer; no sample is left out. Data goes to `stdout`, all else to `stderr`.
 * @throws what the sampler fails with; UserError where `stdout` cannot be written to
 */
export async function runBatch(
  openSampler: () => Promise<Sampler>,
  settings: BatchSettings,
  stdout: Writable,
  stderr: Writable,
): Promise<void> {
  const format = batchFormat(settings)
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  const output = new Output(stdout, stop)
  const errors: Error[] = []

  const ignoreSignals = onSignals(() => {
    // A second signal then acts as if nobody listened.
    ignoreSignals()
    output.hurry()
    stop()
  })
  try {
    const sampler = await openSampler()
    stopping.signal.addEventListener('abort', () => sampler.stop())
    try {
      await output.write(format.header)
      if (!stopping.signal.aborted) {
        await sampler.run({
          take: async sample => {
            const note = format.note(sample)
            if (note !== '') stderr.write(`ebpf-top: ${note}\n`)
            await output.write(format.sample(sample))
          },
          fail: error => errors.push(error),
        })
      }
    } finally {
      sampler.close()
    }
    await output.flush()
  } finally {
    ignoreSignals()
  }
  for (const error of errors) throw error
  if (output.failure !== null) {
    throw new UserError('failed', `writing to stdout: ${output.failure.message}`, 'see to it that there is room for it')
  }
}

/** Listens to all of SIGNALS; what it returns ends that. */
function onSignals(listener: () => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
