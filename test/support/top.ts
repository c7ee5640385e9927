import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { JsonSample } from '../../src/batch/json.ts'
import { Lines } from './lines.ts'
import { isTold, type Mode, type Untold, wronglyTold } from './untold.ts'

export type { JsonSample }

/** Folder of the built program and of the BPF objects. */
export const OBJECTS = join(import.meta.dirname, '../../dist')

/** Flags that every program started here gets as well: the same tests are run in compatible mode. */
export const FLAGS = (process.env.EBPF_TOP_TEST_FLAGS ?? '').split(' ').filter(flag => flag !== '')

/** Whether these tests are run in compatible mode. */
export const isCompat = FLAGS.includes('--compat')

const MODE: Mode = isCompat ? 'compat' : 'best'

/** Whether these tests may expect it; where not, they expect that it is not there. */
export function tells(what: Untold): boolean {
  return isTold(what, MODE)
}

/** Samples that the end of a connection may wait for its last counters. */
const PATIENCE = isCompat ? 2 : 0

/** A kernel that does not take the best means makes the program say so once. */
const FALLBACK = /^ebpf-top: compatible mode for .*\n/gm
/** What it says while a process holds the lock of a socket. */
const LOCKED = /^ebpf-top: .* waits for a process that holds the lock of .*\n/gm

/** The built program, printing samples as JSON lines. */
export class Top {
  readonly pid: number
  /** All samples so far. */
  readonly samples: JsonSample[] = []
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #lines: Lines
  readonly #ended: Promise<number | null>
  #stderr = ''

  private constructor(child: ChildProcessByStdio<null, Readable, Readable>, pid: number) {
    this.pid = pid
    this.#child = child
    this.#lines = new Lines(child.stdout)
    this.#ended = new Promise(resolve => child.once('exit', resolve))
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
  }

  /** Starts it and waits for its first sample, so that whatever comes then is seen. */
  static start(...args: readonly (string | number)[]): Promise<Top> {
    return Top.startIn(OBJECTS, ...args)
  }

  /** The same for a copy of the program in another folder. */
  static async startIn(folder: string, ...args: readonly (string | number)[]): Promise<Top> {
    const program = join(folder, 'cli.js')
    const child = spawn(process.execPath, [program, '--output', 'json', ...FLAGS, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (child.pid === undefined) throw new Error('cannot start the program')
    const top = new Top(child, child.pid)
    await top.next()
    return top
  }

  /** Waits for one more sample. */
  async next(): Promise<JsonSample> {
    const line = await this.#lines.next().catch(error => {
      throw new Error(`${error}: ${this.#stderr}`)
    })
    const sample: JsonSample = JSON.parse(line)
    const wrong = wronglyTold(sample, MODE)
    if (wrong !== null) throw new Error(wrong)
    this.samples.push(sample)
    return sample
  }

  /** Waits for a sample whose walk over the open connections begins after now. */
  async fresh(): Promise<JsonSample> {
    const now = Date.now()
    while (Date.parse((await this.next()).time) <= now);
    return this.next()
  }

  /** Waits until all that happened up to now is in a sample, ends the program, and returns all samples; `patience`: after so many more. */
  async finish(patience = PATIENCE): Promise<readonly JsonSample[]> {
    const now = Date.now()
    while (Date.parse((await this.next()).time) <= now);
    for (let i = 0; i < patience; i++) await this.next()
    await this.stop()
    return this.samples
  }

  /** Ends the program as `kill` does; throws unless it ends well. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const status = await this.#ended
    if (status !== 0 || this.#stderr.replace(FALLBACK, '').replace(LOCKED, '') !== '')
      throw new Error(`it ended with status ${status}: ${this.#stderr}`)
  }
}

/**
 * This kernel starts no program of connections that was preempted on the same processor: what it leaves out is lost,
 * whoever did it. It is said by who runs the tests.
 */
const leavesOut = process.env.EBPF_TOP_TEST_LEAVES_OUT === '1'

/** Events that were lost, but for those that the kernel is known to leave out. */
export function lost(samples: readonly JsonSample[], tracer: 'syscalls' | 'connections' | 'bytes'): number {
  const leftOut = samples
    .flatMap(sample => sample.losses)
    .filter(loss => leavesOut && loss.tracer === 'connections' && loss.tracer === tracer && loss.reason === 'missed')
  return sum(samples, sample => sample.lost[tracer]) - sum(leftOut, loss => loss.count)
}

/** Adds up a figure over samples. */
export function sum<T>(items: readonly T[], figure: (item: T) => number): number {
  return items.reduce((total, item) => total + figure(item), 0)
}
