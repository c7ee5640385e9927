/** The export beside whatever else is done with the samples. */

import type { Exporter } from '../otel/exporter.ts'
import type { Sample } from '../sample/sample.ts'
import type { Sampler, Sink } from '../session.ts'
import type { ExportOptions } from './options.ts'

/**
 * Checks what the environment says and starts the exporter, which connects in the background.
 * @throws UserError with status 2 for an unusable OTEL_* variable
 */
export async function openExporter(options: ExportOptions, log: (line: string) => void): Promise<Exporter> {
  const { readSettings } = await import('../otel/settings.ts')
  const settings = readSettings(options, process.env)
  const { startExporter } = await import('../otel/exporter.ts')
  return startExporter(settings, log)
}

/** A sampler whose samples another sink takes as well, before anybody else. */
export function alsoFor(other: Sink, sampler: Sampler): Sampler {
  return {
    host: sampler.host,
    setFilter: pids => sampler.setFilter(pids),
    setInterval: seconds => sampler.setInterval(seconds),
    measureCost: on => sampler.measureCost(on),
    run: sink => sampler.run(both(other, sink)),
    finish: () => sampler.finish(),
    stop: () => sampler.stop(),
    close: () => sampler.close(),
  }
}

function both(other: Sink, sink: Sink): Sink {
  return {
    async take(sample: Sample) {
      await Promise.all([other.take(sample), sink.take(sample)])
    },
    fail(error) {
      other.fail(error)
      sink.fail(error)
    },
  }
}
