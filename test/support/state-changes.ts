import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const TRACEFS = '/sys/kernel/tracing'

/** Changes of state of TCP sockets as the kernel's own tracing writes them down, from now until the test ends. */
export class StateChanges {
  readonly #instance: string

  /** `filter`: which ones, in terms of the fields of the tracepoint. */
  constructor(filter: string) {
    if (!existsSync(join(TRACEFS, 'instances'))) {
      execFileSync('mount', ['-t', 'tracefs', 'tracefs', TRACEFS])
      onTestFinished(() => void execFileSync('umount', [TRACEFS]))
    }
    this.#instance = join(TRACEFS, 'instances', `ebpf-top-test-${process.pid}`)
    mkdirSync(this.#instance)
    onTestFinished(() => rmdirSync(this.#instance))
    this.#set('filter', filter)
    this.#set('enable', '1')
  }

  /** How many there were. */
  get count(): number {
    const lines = readFileSync(join(this.#instance, 'trace'), 'utf8').split('\n')
    return lines.filter(line => line.includes('inet_sock_set_state:')).length
  }

  #set(file: string, value: string): void {
    writeFileSync(join(this.#instance, 'events/sock/inet_sock_set_state', file), value)
  }
}
