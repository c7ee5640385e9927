import { type ChildProcess, spawn } from 'node:child_process'
import { basename } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Capability } from '../rights/capabilities.ts'
import { giving } from '../rights/process.ts'
import { copyOfProgram } from './memory-file.ts'

/** A program of this package that is asked over pipes. */
export interface Child {
  readonly process: ChildProcess
  readonly stdin: Writable
  readonly stdout: Readable
  /** Why it could not be started, once that is known; null: it was, as far as is known. */
  readonly failure: string | null
}

/** Copies of programs, by their paths. */
const copies = new Map<string, string>()

/** Keeps a program that cannot be reached by its path any more, once this process is another user's. */
export function holdProgram(program: string): void {
  const copy = copyOfProgram(program)
  if (copy !== null) copies.set(program, copy)
}

export interface ChildSettings {
  /** Open files that it gets, from descriptor 3 on. */
  readonly files?: readonly number[]
  /** What it needs of the rights of this process. */
  readonly capabilities?: readonly Capability[]
}

/**
 * Starts a program with pipes for stdin and stdout. What fails later is heard as the event `error` of the process.
 * @throws where there is no room for it
 */
export function startChild(program: string, { files = [], capabilities = [] }: ChildSettings = {}): Child {
  const process = giving(capabilities, () =>
    spawn(copies.get(program) ?? program, [], {
      stdio: ['pipe', 'pipe', 'ignore', ...files],
      // what the terminal tells this program is not for the child
      detached: true,
      cwd: '/',
      env: {},
    }),
  )
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
