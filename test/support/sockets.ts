import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { Lines } from './lines.ts'
import { compiled } from './workload.ts'

type Child = ChildProcessByStdio<Writable, Readable, null>

/** A program of test/workloads that answers each line it is told with one of its own; it ends with the test. */
export class Told {
  readonly pid: number
  readonly #child: Child
  readonly #lines: Lines
  #turn: Promise<unknown>

  constructor(command: readonly string[]) {
    const [program = '', ...args] = command
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    if (this.#child.pid === undefined) throw new Error(`cannot start ${program}`)
    this.pid = this.#child.pid
    this.#lines = new Lines(this.#child.stdout)
    this.#turn = this.#lines.next()
    onTestFinished(() => {
      this.#child.kill('SIGKILL')
    })
  }

  /** Tells it a line; resolves with the numbers of its answer. Lines take turns. */
  async tell(...words: readonly (string | number)[]): Promise<number[]> {
    const answer = this.#turn.then(async () => {
      this.#child.stdin.write(`${words.join(' ')}\n`)
      const line = await this.#lines.next()
      const [first, ...rest] = line.split(' ')
      if (first !== 'ok') throw new Error(`"${words.join(' ')}" was answered "${line}"`)
      return rest.map(Number)
    })
    this.#turn = answer
    return answer
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    const ended = new Promise(resolve => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** A process that does with sockets what it is told (test/workloads/sockets.c), in a network namespace if one is named. */
export class Sockets extends Told {
  constructor(namespace: string | null = null) {
    super([...(namespace === null ? [] : ['ip', 'netns', 'exec', namespace]), compiled('sockets')])
  }

  /** The first number of the answer. */
  async ask(...words: readonly (string | number)[]): Promise<number> {
    const [number] = await this.tell(...words)
    if (number === undefined) throw new Error(`"${words.join(' ')}" was answered with no number`)
    return number
  }

  /** Connects; throws unless it worked. Resolves with the local port. */
  async connect(slot: number, address: string, port: number, ...how: readonly string[]): Promise<number> {
    const [errno, local = 0] = await this.tell('connect', slot, address, port, ...how)
    if (errno !== 0) throw new Error(`cannot connect: error ${errno}`)
    return local
  }

  /** Forks a child that has all its sockets. */
  async fork(): Promise<ForkedSockets> {
    const [index = 0, pid = 0] = await this.tell('fork')
    return new ForkedSockets(this, index, pid)
  }
}

/** A child of such a process, told through its parent. */
export class ForkedSockets {
  readonly pid: number
  readonly index: number
  readonly #parent: Sockets

  constructor(parent: Sockets, index: number, pid: number) {
    this.#parent = parent
    this.index = index
    this.pid = pid
  }

  async tell(command: string, ...words: readonly (string | number)[]): Promise<number[]> {
    return this.#parent.tell(`@${this.index} ${command}`, ...words)
  }

  /** It ends without closing anything first. */
  async exit(): Promise<void> {
    await this.tell('exit')
    await this.#parent.tell('wait', this.index)
  }
}
