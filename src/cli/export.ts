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

/** A sampler whose samples `exporter` takes as well, before anybody else. */
export function exporting(sampler: Sampler, exporter: Exporter): Sampler {
  return {
    host: sampler.host,
    setFilter: pids => sampler.setFilter(pids),
    setInterval: seconds => sampler.setInterval(seconds),
    measureCost: on => sampler.measureCost(on),
    run: sink => sampler.run(both(exporter, sink)),
    finish: () => sampler.finish(),
    stop: () => sampler.stop(),
    close: () => sampler.close(),
  }
}

function both(exporter: Exporter, sink: Sink): Sink {
  return {
    async take(sample: Sample) {
      await Promise.all([exporter.take(sample), sink.take(sample)])
    },
    fail(error) {
      exporter.fail(error)
      sink.fail(error)
    },
  }
}
