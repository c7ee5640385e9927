import { Child } from './child.ts'
import { program } from './compile.ts'

/** Work of many processes; see programs/many.c. */
export interface Shape {
  readonly processes: number
  /** Different system calls that each makes. */
  readonly kinds: number
  /** How often it makes each in a period: 1 to so many times. */
  readonly repeats?: number
  /** Milliseconds; 0: without a pause. */
  readonly period: number
  /** Connections that each has to itself: both ends are rows. */
  readonly pairs: number
}

/** Such work, being done. */
export class Many {
  /** Name of its processes. */
  static readonly NAME = 'bench-many'
  /** Numbers of the system calls that it makes. */
  readonly calls: readonly number[]
  readonly #child: Child

  private constructor(child: Child, calls: readonly number[]) {
    this.#child = child
    this.calls = calls
  }

  /** Starts the processes and waits until all connections are open. */
  static async start({ processes, kinds, repeats = 1, period, pairs }: Shape): Promise<Many> {
    const child = new Child([program('many'), ...[processes, kinds, repeats, period, pairs].map(String)])
    return new Many(child, (await child.line()).split(' ').map(Number))
  }

  async go(): Promise<void> {
    await this.#child.ask('go')
  }

  /** Lets all processes rest; gives the calls that they made. */
  async rest(): Promise<number> {
    return (await this.#child.ask('stop'))[0] ?? Number.NaN
  }

  async end(): Promise<void> {
    await this.#child.stop('SIGTERM')
  }

  /** Does something while such work is being done. */
  static async during<T>(shape: Shape, what: () => Promise<T>): Promise<T> {
    const many = await Many.start(shape)
    try {
      await many.go()
      return await what()
    } finally {
      await many.end()
    }
  }
}
