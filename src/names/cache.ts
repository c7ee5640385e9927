/** Names of hosts that were asked for, and those known to have none. Bounded; the longest unused go first. */

/** Entries kept: more than any screen has rows, less than matters. */
const MOST = 4096

/** How long an answer counts, in milliseconds. That there is no name may be the fault of a name server, and passes. */
const FOUND_MS = 600_000
const MISSING_MS = 60_000

interface Entry {
  readonly name: string | null
  readonly until: number
}

export class NameCache {
  readonly #now: () => number
  readonly #most: number
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()

  constructor(now: () => number = () => performance.now(), most = MOST) {
    this.#now = now
    this.#most = most
  }

  /** The name; null: there is none, or it is not known. An old answer is better than none. */
  get(address: string): string | null {
    const entry = this.#entries.get(address)
    if (entry === undefined) return null
    this.#entries.delete(address)
    this.#entries.set(address, entry)
    return entry.name
  }

  /** It was asked for, and the answer still counts. */
  isFresh(address: string): boolean {
    return (this.#entries.get(address)?.until ?? 0) > this.#now()
  }

  set(address: string, name: string | null): void {
    this.#entries.delete(address)
    this.#entries.set(address, { name, until: this.#now() + (name === null ? MISSING_MS : FOUND_MS) })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) break
      this.#entries.delete(oldest)
    }
  }

  get size(): number {
    return this.#entries.size
  }
}
