/** Iterators that may wait in the kernel for as long as somebody likes, read by other processes. */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync } from 'node:fs'
import { ownProcesses } from '../asking/own-processes.ts'

/** Such processes at a time: those that wait cannot be ended, not even by SIGKILL. */
const MOST = 4

/** What reads its stdin to its end; the Node that runs here is there in any case. */
const READERS = [
  ['/bin/cat'],
  ['/usr/bin/cat'],
  [process.execPath, '-e', 'const b=Buffer.alloc(64);while(require("fs").readSync(0,b));'],
] as const

/** The kernel pauses after a million objects, which a reader takes for an error. */
const MOST_PAUSES = 16

/**
 * Reads BPF iterators in processes of their own. One that takes the lock of each socket waits for a process that holds one,
 * in a state that no signal ends; a thread in it would keep this whole program alive.
 */
export class AsideReader {
  readonly #running = new Set<ChildProcess>()

  /** Processes that were started and have not come to an end. */
  get running(): number {
    return this.#running.size
  }

  /**
   * Reads an open iterator to its end, and closes it. Gives true at the end; false where it fails, where there are too many
   * that did not end, and after `patience` milliseconds, from when on it is not waited for, but goes on.
   */
  async read(iterator: number, patience: number): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>()
    const timer = setTimeout(resolve, patience, false)
    try {
      return await Promise.race([late, this.#readAll(iterator)])
    } finally {
      clearTimeout(timer)
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

  /** Whether a process read it to its end. */
  #run(iterator: number): Promise<boolean> {
    const [command, ...args] = READERS.find(([path]) => existsSync(path)) ?? READERS[2]
    const child = spawn(command, args, { stdio: [iterator, 'ignore', 'ignore'] })
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
