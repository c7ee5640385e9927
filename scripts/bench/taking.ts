import { join } from 'node:path'
import { Child } from './child.ts'
import { DIST } from './compile.ts'

/** What taking a sample took, and what was in it. */
export interface Taken {
  /** Length of the interval. */
  readonly seconds: number
  /** From the end of the interval to the finished sample. */
  readonly milliseconds: number
  /** User and system time of the whole process in the interval. */
  readonly cpuMilliseconds: number
  /** For how long the event loop was blocked at a time, at most; 0 where that was not measured. */
  readonly blockedMilliseconds: number
  /** Rows. */
  readonly calls: number
  readonly processes: number
  readonly connections: number
  /** Of the processes that were asked for: ends of connections that opened, that closed, and that are open. */
  readonly opened: number
  readonly closed: number
  readonly open: number
  /** Connections without an owner, and those that are in no row, of the whole machine. */
  readonly unowned: number
  readonly lostConnections: number
  readonly residentMegabytes: number
  /** Calls by their numbers, of the processes that were asked for. */
  readonly counted: Readonly<Record<number, number>>
  readonly lost: number
}

/** A process that takes samples, one an interval, without showing them. */
export class Taker {
  readonly #child: Child

  /**
   * With `name`, calls of the processes of that name are counted. What finds out for how long the event loop was blocked
   * wakes a thousand times a second and takes processor time itself: `watchLoop` false leaves it out.
   */
  constructor(seconds: number, name = '', watchLoop = true) {
    const args = [DIST, String(seconds), watchLoop ? 'loop' : 'no-loop', name]
    this.#child = new Child([process.execPath, join(import.meta.dirname, 'programs/taker.ts'), ...args])
  }

  async next(): Promise<Taken> {
    const taken: Taken = JSON.parse(await this.#child.line())
    return taken
  }

  async skip(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.next()
  }

  async end(): Promise<void> {
    await this.#child.stop()
  }
}
