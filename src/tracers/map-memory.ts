import { readFileSync } from 'node:fs'

/** What a map takes changes slowly, and asking for all of them takes a millisecond. */
const ASKED_EVERY_MS = 10_000

/** Memory of the kernel that BPF maps take. */
export class MapMemory {
  readonly #fds: () => Iterable<number>
  #askedAt = -Infinity
  #bytes: number | null = null

  /** `fds`: of all maps; one map may have several. */
  constructor(fds: () => Iterable<number>) {
    this.#fds = fds
  }

  /** In bytes, as the kernel accounts it (`memlock` of fdinfo), some seconds old at most; null: it does not tell. */
  get bytes(): number | null {
    const now = performance.now()
    if (now - this.#askedAt < ASKED_EVERY_MS) return this.#bytes
    this.#askedAt = now
    try {
      this.#bytes = this.#ask()
    } catch {
      // before 5.14 the folder is closed to the one that the program became: what it was is the best there is
    }
    return this.#bytes
  }

  #ask(): number {
    const byId = new Map<string, number>()
    for (const fd of this.#fds()) {
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')
      const id = /^map_id:\s*(\d+)$/m.exec(info)?.[1]
      const bytes = /^memlock:\s*(\d+)$/m.exec(info)?.[1]
      if (id !== undefined && bytes !== undefined) byId.set(id, Number(bytes))
    }
    return Array.from(byId.values()).reduce((sum, bytes) => sum + bytes, 0)
  }
}
