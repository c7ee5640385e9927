import { type ChildProcess, spawn } from 'node:child_process'
import { basename } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** A program of this package that is asked over pipes. */
export interface Child {
  readonly process: ChildProcess
  readonly stdin: Writable
  readonly stdout: Readable
  /** Why it could not be started, once that is known; null: it was, as far as is known. */
  readonly failure: string | null
}

/**
 * Starts a program with pipes for stdin and stdout, and open files from descriptor 3 on. What fails later is heard as the event
 * `error` of the process.
 * @throws where there is no room for it
 */
export function startChild(program: string, files: readonly number[] = []): Child {
  const process = spawn(program, [], {
    stdio: ['pipe', 'pipe', 'ignore', ...files],
    // what the terminal tells this program is not for the child
    detached: true,
    cwd: '/',
    env: {},
  })
  process.unref()
  let failure: string | null = null
  process.on('error', (error: NodeJS.ErrnoException) => {
    failure = cannotStart(program, error.code ?? error.message)
  })
  const { stdin, stdout } = process
  // Node makes none where there may be no more open files
  if (!stdin || !stdout) throw new Error(cannotStart(program, 'EMFILE'))
  stdin.on('error', () => {})
  stdout.on('error', () => {})
  return {
    process,
    stdin,
    stdout,
    get failure() {
      return failure
    },
  }
}

function cannotStart(program: string, why: string): string {
  return `the program ${basename(program)} cannot be started: ${why}`
}
