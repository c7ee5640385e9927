/**
 * Processes of this program itself, which are none of others: they are in no row. One that ended is remembered until the
 * sample of its last interval was made.
 */
class OwnProcesses {
  readonly #living = new Set<number>()
  #ended = new Set<number>()
  #endedBefore = new Set<number>()

  get size(): number {
    return this.#living.size + this.#ended.size + this.#endedBefore.size
  }

  has(pid: number): boolean {
    return this.#living.has(pid) || this.#ended.has(pid) || this.#endedBefore.has(pid)
  }

  began(pid: number | undefined): void {
    if (pid !== undefined) this.#living.add(pid)
  }

  ended(pid: number | undefined): void {
    if (pid !== undefined && this.#living.delete(pid)) this.#ended.add(pid)
  }

  /** A sample was made. */
  turn(): void {
    this.#endedBefore = this.#ended
    this.#ended = new Set()
  }
}

export const ownProcesses = new OwnProcesses()
