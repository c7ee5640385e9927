import { type Child, startChild } from '../asking/child.ts'
import { ownProcesses } from '../own-processes.ts'
import type { Capability } from '../rights/capabilities.ts'
import type { Keeper } from '../rights/rights.ts'

/** What the child is given. */
export const KEEPERS = ['CAP_SYS_ADMIN', 'CAP_KILL'] as const satisfies readonly Capability[]

/**
 * A child that holds the rights that the screen needs now and then, and can do nothing else with them (keeper.c). Whoever
 * gets hold of the program itself has no more of them than these wishes.
 */
export class KeeperChild implements Keeper {
  readonly #child: Child
  /** Those who wait for an answer, in that order. */
  #waiting: ((done: boolean) => void)[] = []

  /** `program`: the compiled keeper.c. Throws where it cannot be started. */
  constructor(program: string) {
    this.#child = startChild(program, { capabilities: KEEPERS })
    const { process, stdout } = this.#child
    ownProcesses.began(process.pid)
    const gone = (): void => {
      ownProcesses.ended(process.pid)
      for (const answer of this.#waiting.splice(0)) answer(false)
    }
    process.once('error', gone)
    process.once('exit', gone)
    stdout.on('data', (bytes: Buffer) => {
      for (const byte of bytes) this.#waiting.shift()?.(byte === 0x31)
    })
  }

  /** Whether the kernel measures what BPF programs cost. Gives false where that cannot be had. */
  measure(on: boolean): Promise<boolean> {
    return this.#wish(on ? '1' : '0')
  }

  /** Stops the job of this process, with those in it that are root's. Gives false where that failed. */
  stopJob(): Promise<boolean> {
    return this.#wish('z')
  }

  #wish(wish: string): Promise<boolean> {
    const { process, stdin } = this.#child
    if (process.exitCode !== null || process.signalCode !== null || process.pid === undefined) {
      return Promise.resolve(false)
    }
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      stdin.write(wish)
    })
  }
}
