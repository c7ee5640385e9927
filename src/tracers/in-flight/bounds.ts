/** What is known of the begin of a call that nobody saw. */

/** A thread as one walk found it: the same call, for sure, where the thread has slept all the time since. */
export interface Sleeper {
  readonly tid: number
  /** With its number it names the thread for good. */
  readonly startedNs: number
  readonly call: number
  /** Times that it was taken from a processor. */
  readonly switches: number
  /** It was on a processor: nobody knows what it did since. */
  readonly running: boolean
  /** When it was looked at. */
  readonly seenNs: number
}

interface Seen extends Sleeper {
  readonly sinceNs: number
}

/** Since when threads are known to be in their call: since the walk that found them first in the same sleep. */
export class Bounds {
  #before: ReadonlyMap<number, Seen> = new Map()
  readonly #now = new Map<number, Seen>()

  /** When the call can be said to have begun at the latest. */
  sinceNs(sleeper: Sleeper): number {
    const before = this.#before.get(sleeper.tid)
    const sinceNs = before !== undefined && isSame(before, sleeper) ? before.sinceNs : sleeper.seenNs
    this.#now.set(sleeper.tid, { ...sleeper, sinceNs })
    return sinceNs
  }

  /** The next walk begins: who is not found again by the end of it is forgotten. */
  turn(): void {
    this.#before = new Map(this.#now)
    this.#now.clear()
  }
}

function isSame(before: Sleeper, now: Sleeper): boolean {
  return (
    before.startedNs === now.startedNs &&
    before.call === now.call &&
    before.switches === now.switches &&
    !before.running &&
    !now.running
  )
}
