import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { compileWorkload } from '../../scripts/compile.ts'
import { Lines } from './lines.ts'

/** Folder of the compiled programs; null: nothing was asked for yet. */
let programs = process.env.EBPF_TOP_WORKLOADS ?? null

/** Path of a workload's program, compiled when it is first asked for, unless EBPF_TOP_WORKLOADS names a folder with it. */
export function compiled(name: string): string {
  programs ??= mkdtempSync(join(tmpdir(), 'ebpf-top-workloads-'))
  const program = join(programs, name)
  if (!existsSync(program)) compileWorkload(name, programs)
  return program
}

/** A program of test/workloads that does exactly what it is told, when it is told. */
export class Workload {
  readonly pid: number
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: Lines
  readonly #ended: Promise<number | null>

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, pid: number) {
    this.pid = pid
    this.#child = child
    this.#lines = new Lines(child.stdout)
    this.#ended = new Promise(resolve => child.once('exit', resolve))
  }

  /** Starts it and waits until it waits for its first line. */
  static start(name: string, ...args: readonly (string | number)[]): Promise<Workload> {
    return Workload.#start(compiled(name), args)
  }

  /** The same in a folder. */
  static startIn(folder: string, name: string, ...args: readonly (string | number)[]): Promise<Workload> {
    return Workload.#start(compiled(name), args, folder)
  }

  /** The same inside of a network namespace. */
  static startWithin(namespace: string, name: string, ...args: readonly (string | number)[]): Promise<Workload> {
    return Workload.#start('ip', ['netns', 'exec', namespace, compiled(name), ...args])
  }

  static async #start(program: string, args: readonly (string | number)[], cwd?: string): Promise<Workload> {
    const child = spawn(program, args.map(String), { stdio: ['pipe', 'pipe', 'inherit'], cwd })
    if (child.pid === undefined) throw new Error(`cannot start ${program}`)
    const workload = new Workload(child, child.pid)
    await workload.#expect('ready')
    return workload
  }

  /** Lets it do its work; resolves with the words behind `done`. */
  async work(): Promise<number[]> {
    return this.step('done')
  }

  /** Lets it go on until it says `word`; resolves with the numbers behind it. */
  async step(word: string): Promise<number[]> {
    this.#child.stdin.write('\n')
    return this.#expect(word)
  }

  /** Lets it end by itself. */
  async end(): Promise<void> {
    this.#child.stdin.write('\n')
    const status = await this.#ended
    if (status !== 0) throw new Error(`the workload failed with status ${status}`)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #expect(word: string): Promise<number[]> {
    const [first, ...rest] = (await this.#lines.next()).split(' ')
    if (first !== word) throw new Error(`the workload said ${first} instead of ${word}`)
    return rest.map(Number)
  }
}
