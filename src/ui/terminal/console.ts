/** Nothing may print into the screen: what is printed meanwhile is held back and shown when the screen has ended. */

import { format } from 'node:util'
import { sanitize } from '../../text/text.ts'

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const

/** More than this many lines is noise; the last ones are kept. */
const LINES_KEPT = 20

/** Holds back console output and Node's own warnings. The function it returns ends that and gives the lines held. */
export function holdConsole(): () => readonly string[] {
  const lines: string[] = []
  const hold = (...args: unknown[]): void => {
    lines.push(
      ...format(...args)
        .split('\n')
        .map(sanitize),
    )
    lines.splice(0, lines.length - LINES_KEPT)
  }
  const methods = METHODS.map(name => [name, console[name]] as const)
  for (const name of METHODS) console[name] = hold

  const warners = process.listeners('warning')
  const holdWarning = (warning: Error): void => hold(`${warning.name}: ${warning.message}`)
  process.removeAllListeners('warning').on('warning', holdWarning)

  return () => {
    for (const [name, method] of methods) console[name] = method
    process.off('warning', holdWarning)
    for (const warner of warners) process.on('warning', warner)
    return lines
  }
}
