/** Programs that the measurements start, and end again whatever happens. */

import { type ChildProcess, spawn } from 'node:child_process'
import { Lines } from '../../test/support/lines.ts'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export interface ChildSettings {
  /** Where its output goes; `lines`: to be read one by one. */
  readonly stdout?: 'lines' | 'ignore'
  readonly environment?: Readonly<Record<string, string>>
}

export class Child {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #lines: Lines | null
  readonly #ended: Promise<number | null>
  #stderr = ''

  constructor(command: readonly string[], { stdout = 'lines', environment = {} }: ChildSettings = {}) {
    const [file = '', ...args] = command
    this.#child = spawn(file, args, {
      stdio: ['pipe', stdout === 'lines' ? 'pipe' : 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    })
    if (this.#child.pid === undefined) throw new Error(`cannot start ${file}`)
    this.pid = this.#child.pid
    running.add(this.#child)
    this.#ended = new Promise(resolve => {
      this.#child.once('exit', status => {
        running.delete(this.#child)
        resolve(status)
      })
    })
    // one that has ended cannot be told anything
    this.#child.stdin?.on('error', () => {})
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-2000)
    })
    this.#lines = this.#child.stdout === null ? null : new Lines(this.#child.stdout)
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    if (this.#lines === null) throw new Error('its output is not read')
    return this.#lines.next().catch(error => {
      throw new Error(`${error.message}: ${this.#child.spawnargs.join(' ')}\n${this.#stderr}`)
    })
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Tells it a line, and waits for the numbers that it answers with. */
  async ask(line: string): Promise<number[]> {
    this.tell(line)
    return (await this.line()).split(' ').map(Number)
  }

  /** Waits until something holds of it; throws where it ends before. */
  async until(what: string, holds: () => boolean, seconds = 20): Promise<void> {
    const patient = Date.now() + 1000 * seconds
    while (!holds()) {
      if (this.#child.exitCode !== null || Date.now() > patient) {
        throw new Error(`not ${what}: ${this.#child.spawnargs.join(' ')}\n${this.#stderr}`)
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  /** Ends it as Ctrl-C does, and for good where that does not. */
  async stop(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<void> {
    this.#child.stdin?.end()
    this.#child.kill(signal)
    const hurry = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await this.#ended
    clearTimeout(hurry)
  }
}
