import { type Exporter, startExporter } from '../../src/otel/exporter.ts'
import { readSettings } from '../../src/otel/settings/settings.ts'

export interface Started {
  readonly exporter: Exporter
  /** What it had to say. */
  readonly lines: string[]
  /** Waits until that holds; `what` says what did not. */
  until(what: string, holds: () => boolean): Promise<void>
  /** Waits until its state is `state`. */
  is(state: string): Promise<void>
  /** Waits until what it failed with last is so. */
  failsWith(error: RegExp): Promise<void>
  /** Closes it; throws if that takes far longer than it may. */
  close(): Promise<void>
}

/** How long to wait for a state, in milliseconds. */
const PATIENCE = 20_000

/** The exporter in this process, as the command line starts it. The variables are set for good: one export a test. */
export function startExport(
  environment: Readonly<Record<string, string>>,
  options: { endpoint?: string; intervalSeconds?: number; pids?: boolean; top?: number; spans?: boolean } = {},
): Started {
  for (const name of Object.keys(process.env))
    if (name.startsWith('OTEL_') || /_proxy$/i.test(name)) delete process.env[name]
  Object.assign(process.env, environment)
  const settings = readSettings(
    { protocol: 'otlp', endpoint: null, intervalSeconds: 0.3, pids: false, top: 200, spans: false, ...options },
    process.env,
  )
  const lines: string[] = []
  const exporter = startExporter(settings, line => lines.push(line))
  const until = async (what: string, is: () => boolean): Promise<void> => {
    const end = Date.now() + PATIENCE
    while (!is()) {
      if (Date.now() > end) throw new Error(`it never was ${what}: ${lines.join('; ')} ${exporter.status.text}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  return {
    exporter,
    lines,
    until,
    is: state => until(state, () => exporter.status.state === state),
    failsWith: error => until(`failing with ${error}`, () => error.test(exporter.status.lastError)),
    async close() {
      const late = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error('closing the exporter hangs')), 5000).unref()
      })
      await Promise.race([exporter.close(), late])
    },
  }
}
