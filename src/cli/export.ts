/** The export beside whatever else is done with the samples. */

import { usageError } from '../errors.ts'
import type { Exporter } from '../otel/exporter.ts'
import type { Connection } from '../otel/settings/connection.ts'
import type { ExportOptions } from '../otel/settings/settings.ts'
import { isClosedTo } from '../rights/reach.ts'
import type { User } from '../rights/user.ts'
import type { FreshSample } from '../sample/sample.ts'
import type { Sampler, Sink } from '../session.ts'

/**
 * Checks what the environment says and starts the exporter, which connects in the background, as `user` where there is one.
 * @throws UserError with status 2 for an unusable OTEL_* variable, or a socket that is closed to that user
 */
export async function openExporter(
  options: ExportOptions,
  user: User | null,
  log: (line: string) => void,
): Promise<Exporter> {
  const { readSettings } = await import('../otel/settings/settings.ts')
  const settings = readSettings(options, process.env)
  for (const connection of [settings.metrics, settings.traces].filter(signal => signal !== null)) {
    refuseClosedSocket(connection, user)
  }
  const { startExporter } = await import('../otel/exporter.ts')
  return startExporter(settings, log)
}

/** Whom the program becomes cannot send to a socket that root alone may write to. */
function refuseClosedSocket({ endpoint, endpointFrom }: Connection, user: User | null): void {
  const { host, address, shown } = endpoint
  if (host !== null || user === null || !isClosedTo(user, address.slice('unix://'.length))) return
  throw usageError(
    `${endpointFrom}: ${shown} is closed to ${user.name}, whom the program becomes`,
    'open it to that user, name another one with --user, or add --keep-root',
  )
}

/** A sampler whose samples another sink takes as well, before anybody else. */
export function alsoFor(other: Sink, sampler: Sampler): Sampler {
  return {
    host: sampler.host,
    setFilter: pids => sampler.setFilter(pids),
    setInterval: seconds => sampler.setInterval(seconds),
    show: tables => sampler.show(tables),
    describe: (process, told) => sampler.describe(process, told),
    measureCost: on => sampler.measureCost(on),
    run: sink => sampler.run(both(other, sink)),
    finish: () => sampler.finish(),
    stop: () => sampler.stop(),
    close: () => sampler.close(),
  }
}

function both(other: Sink, sink: Sink): Sink {
  return {
    async take(sample: FreshSample) {
      await Promise.all([other.take(sample), sink.take(sample)])
    },
    fail(error) {
      other.fail(error)
      sink.fail(error)
    },
  }
}
