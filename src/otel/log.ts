/** What the SDK and gRPC have to say: never on the terminal, which may be the screen's. */

import { logVerbosity, setLogger, setLogVerbosity } from '@grpc/grpc-js'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { oneLine } from '../text/line.ts'
import { hearPartialSuccess } from './partial.ts'
import { hearProxyFailure } from './settings/proxy.ts'
import type { LogLevel } from './settings/settings.ts'

const LEVELS: Readonly<Record<LogLevel, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
}

const VERBOSITY = 'GRPC_VERBOSITY'

/** The same line is not told again before so many others were. */
const REMEMBERED = 16

/** From now on each message is one line for `write`, as much as `level` lets through. */
export function routeLogs(level: LogLevel, write: (line: string) => void): void {
  const recent: string[] = []
  const log = (...words: unknown[]): void => {
    const line = oneLine(words.map(text).join(' '))
    // a collector that is away makes the same message with every export
    if (recent.includes(line)) return
    recent.push(line)
    if (recent.length > REMEMBERED) recent.shift()
    write(line)
  }
  const from = (least: DiagLogLevel) => (LEVELS[level] >= least ? log : () => {})
  const warn = from(DiagLogLevel.WARN)
  diag.setLogger(
    {
      error: from(DiagLogLevel.ERROR),
      warn: (...words) => {
        // whatever the level: it is how a request ended
        if (!hearPartialSuccess(words)) warn(...words)
      },
      info: from(DiagLogLevel.INFO),
      debug: from(DiagLogLevel.DEBUG),
      verbose: from(DiagLogLevel.VERBOSE),
    },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  )
  process.removeAllListeners('warning').on('warning', ({ name, message }) => log(`${name}: ${message}`))
  // gRPC tells each failure to the exporter as well, but not why a proxy did not connect
  const wanted = process.env[VERBOSITY] !== undefined
  if (!wanted) setLogVerbosity(logVerbosity.ERROR)
  const error = (...words: unknown[]): void => {
    if (!hearProxyFailure(words) && wanted) log(...words)
  }
  setLogger({ error, info: log, debug: log })
}

function text(word: unknown): string {
  if (typeof word === 'string') return word
  return word instanceof Error ? word.message : (JSON.stringify(word) ?? String(word))
}
