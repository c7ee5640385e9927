/** Iterators that may wait in the kernel for as long as somebody likes, read by other processes. */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, readFileSync } from 'node:fs'
import { ownProcesses } from '../own-processes.ts'

/** Such processes at a time: those that wait cannot be ended, not even by SIGKILL. */
const MOST = 4

/** What reads its stdin to its end; the Node that runs here is there in any case. */
const READERS = [
  ['/bin/cat'],
  ['/usr/bin/cat'],
  [process.execPath, '-e', 'const b=Buffer.alloc(64);while(require("fs").readSync(0,b));'],
] as const

/** How often it is seen whether a reader waits for a lock, in milliseconds. */
const LOOK_EVERY_MS = 100

/** In a row: other things make it wait for a moment, as its own program file does. */
const LOOKS = 3

/** The kernel pauses after a million objects, which a reader takes for an error. */
const MOST_PAUSES = 16

/**
 * Reads BPF iterators in processes of their own. One that takes the lock of each socket waits for a process that holds one,
 * in a state that no signal ends; a thread in it would keep this whole program alive.
 */
export class AsideReader {
  readonly #running = new Set<ChildProcess>()

  /** Whether one of them waits in a state that no signal ends: a process holds the lock of a socket. */
  get isHeldUp(): boolean {
    return [...this.#running].some(({ pid }) => waitsForGood(pid))
  }

  /**
   * Reads an open iterator to its end, and closes it. Never throws. Gives true at the end; false where it fails, where there
   * are too many that did not end, where it is held up, and after `patience` milliseconds. It is not waited for any more then,
   * but goes on.
   */
  async read(iterator: number, patience: number): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>()
    const until = performance.now() + patience
    let looks = 0
    const timer = setInterval(() => {
      looks = this.isHeldUp ? looks + 1 : 0
      if (looks >= LOOKS || performance.now() > until) resolve(false)
    }, LOOK_EVERY_MS)
    try {
      return await Promise.race([late, this.#readAll(iterator)])
    } finally {
      clearInterval(timer)
    }
  }

  async #readAll(iterator: number): Promise<boolean> {
    try {
      for (let runs = 0; runs < MOST_PAUSES && this.#running.size < MOST; runs++) {
        if (await this.#run(iterator)) return true
      }
      return false
    } finally {
      closeSync(iterator)
    }
  }

  /** null: there is no room for another process. */
  #start(command: string, args: readonly string[], iterator: number): ChildProcess | null {
    try {
      return spawn(command, args, { stdio: [iterator, 'ignore', 'ignore'] })
    } catch {
      return null
    }
  }

  /** Whether a process read it to its end. */
  #run(iterator: number): Promise<boolean> {
    const [command, ...args] = READERS.find(([path]) => existsSync(path)) ?? READERS[2]
    const child = this.#start(command, args, iterator)
    if (child === null) return Promise.resolve(false)
    this.#running.add(child)
    ownProcesses.began(child.pid)
    // whoever waits in it does not hold up the end of the program
    child.unref()
    return new Promise(resolve => {
      const end = (good: boolean): void => {
        this.#running.delete(child)
        ownProcesses.ended(child.pid)
        resolve(good)
      }
      child.once('error', () => end(false))
      child.once('exit', status => end(status === 0))
    })
  }
}

/** By a file of /proc that takes no lock of the process's memory. */
function waitsForGood(pid: number | undefined): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'D'
  } catch {
    return false
  }
}
