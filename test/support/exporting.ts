import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

const PROGRAM = join(import.meta.dirname, '../../dist/cli.js')

/** An export without a screen, with short intervals. */
const SHORT = ['--headless', '--export', 'otlp', '-d', '0.2', '--export-interval', '0.5']

type Child = ChildProcessByStdio<null, Readable, Readable>

/** How long to wait for what must come, in milliseconds. */
const PATIENCE = 30_000

/** A TCP port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** The built program, exporting without a screen. */
export class Service {
  readonly pid: number
  readonly #child: Child
  readonly #ended: Promise<number | string>
  #stdout = ''
  #stderr = ''

  /** `environment` is added to that of the tests; the interval is short. */
  constructor(environment: Readonly<Record<string, string>>, ...args: readonly (string | number)[]) {
    this.#child = this.start([process.execPath, PROGRAM, ...SHORT, ...args.map(String)], environment)
    this.pid = this.#child.pid ?? 0
    this.#ended = new Promise(resolve => this.#child.once('exit', (status, signal) => resolve(signal ?? status ?? -1)))
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString()
    })
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
  }

  /** Starts the words of a command. */
  protected start(words: readonly string[], environment: Readonly<Record<string, string>>): Child {
    const [command = '', ...args] = words
    return spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
  }

  get lines(): string[] {
    return this.#stderr.split('\n').filter(line => line !== '')
  }

  get stdout(): string {
    return this.#stdout
  }

  /** Waits for a line on stderr that has `text` in it. */
  async says(text: string): Promise<void> {
    const end = Date.now() + PATIENCE
    while (!this.#stderr.includes(text)) {
      if (Date.now() > end) throw new Error(`it never said "${text}", but: ${this.#stderr}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Its exit status, or the signal that ended it; throws if it does not end. */
  async ended(patience = PATIENCE): Promise<number | string> {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`it did not end: ${this.#stderr}`)), patience).unref()
    })
    try {
      return await Promise.race([this.#ended, late])
    } finally {
      this.#child.kill('SIGKILL')
    }
  }

  /** Ends it as a service manager does. Far more time than it may take, because detaching waits for a busy machine. */
  async stop(): Promise<number | string> {
    this.signal('SIGTERM')
    return this.ended(15_000)
  }
}
