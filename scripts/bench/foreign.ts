/** Other tools that watch the same machine: with them, what is measured is their cost as well. */

import { sleep } from './measure.ts'
import { commandOf, parentOf, processes, programsOf } from './proc.ts'

/** BPF_PROG_TYPE_* of <linux/bpf.h> of programs that trace: kprobe, tracepoint, perf event, raw tracepoint, tracing. */
const TRACING_TYPES: ReadonlySet<number> = new Set([2, 5, 7, 17, 24, 26])

/** Seconds that a measurement waits for others to end. */
const PATIENCE = 30

/** Commands of processes, not started by this one, that have tracing BPF programs open. */
export function foreignTracers(): string[] {
  const all = processes()
  const parents = new Map(all.map(pid => [pid, parentOf(pid)]))
  const isOurs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === process.pid) return true
    return false
  }
  return all
    .filter(pid => !isOurs(pid) && programsOf(pid).some(({ type }) => TRACING_TYPES.has(type)))
    .map(pid => commandOf(pid).slice(0, 100))
    .filter(command => command !== '')
}

/** Notes whether figures were taken while others watched the machine too. */
export class Quiet {
  readonly #seen = new Set<string>()
  #disturbed = 0
  #measured = 0

  /** Measures when nobody else watches, and again where somebody came meanwhile; notes it where that is in vain. */
  async measure<T>(what: () => Promise<T>, attempts = 3): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const before = await this.#silence()
      const result = await what()
      const others = [...before, ...foreignTracers()]
      if (others.length > 0 && attempt < attempts) continue
      this.#measured++
      if (others.length > 0) this.#disturbed++
      for (const command of others) this.#seen.add(command)
      return result
    }
  }

  /** What to say of the figures taken so far, and begins anew. */
  take(): string[] {
    const commands = [...this.#seen].map(command => `\`${command}\``).join(', ')
    const note = `**${this.#disturbed} of ${this.#measured} measurements were disturbed** by other tracers: ${commands}`
    const notes = this.#disturbed > 0 ? [note] : []
    this.#seen.clear()
    this.#disturbed = 0
    this.#measured = 0
    return notes
  }

  /** Waits for others to end; gives those that do not. */
  async #silence(): Promise<string[]> {
    for (let waited = 0; ; waited++) {
      const others = foreignTracers()
      if (others.length === 0 || waited >= PATIENCE) return others
      await sleep(1)
    }
  }
}
