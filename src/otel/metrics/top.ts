/**
 * Which processes have series of their own. The rest share one, so that the sum over all series is always what was
 * counted, and no counter ever falls:
 *
 * - What a process did since the last export waits. The export then decides: the most active ones get series of their
 *   own, what the others did goes into the shared one, for good.
 * - A process that leaves the top keeps its series as it stands; what it does from then on is shared. If it comes
 *   back, its series goes on.
 * - Such a series ends when its place is needed, after it has stood still for RETENTION_MS and its last value was
 *   delivered. A metric store has it by then, and a rate over it has been zero.
 */

import { ATTRIBUTES } from '../../tracers/attributes.ts'
import type { Labels } from '../../tracers/metrics.ts'
import type { Moment } from '../time.ts'
import { SharedRoom, upTo } from './room.ts'
import { SeriesGroup } from './series.ts'

/** Beyond the five minutes in which Prometheus still looks for the last value of a series. */
const RETENTION_MS = 6 * 60_000

/** So many processes at least may wait for the next export before the least active of them have to share. */
const LEAST_WAITING = 1000

/**
 * Room for series: for so many of each process alone, so that none can take all, and for so many of all together. What a process
 * does beyond goes into the shared ones, of which there is a number as well, and what finds no room there into one for each
 * metric. A series with its points takes about 1 kB of memory, a histogram some more.
 */
const OWN_SERIES = 40
const COMMON_SERIES = 16_000
/** Those of processes that wait for the next export. */
const OWN_WAITING_SERIES = 16
const COMMON_WAITING_SERIES = 8000
const SHARED_SERIES = 4000

export interface Identity {
  /** The same for those that share a series. */
  readonly key: string
  readonly labels: Labels
}

/** A process with its series. */
export interface Process {
  readonly key: string
  readonly series: SeriesGroup
  /** System calls and their like, since the last export. */
  activity: number
  /** Activity up to then, halved with each export. */
  weight: number
}

/** A process that left the top. */
export interface Frozen {
  readonly series: SeriesGroup
  readonly sinceMs: number
  /** Its last value arrived. */
  delivered: boolean
}

export class TopProcesses {
  /** What all those without series of their own did. */
  readonly shared: SeriesGroup
  readonly #limit: number
  readonly #room = new SharedRoom(OWN_SERIES, COMMON_SERIES)
  #waitingRoom = new SharedRoom(OWN_WAITING_SERIES, COMMON_WAITING_SERIES)
  readonly #top = new Map<string, Process>()
  readonly #frozen = new Map<string, Frozen>()
  readonly #waiting = new Map<string, Process>()
  #windowStart: Moment

  /** `limit`: processes with series of their own. */
  constructor(limit: number, start: Moment) {
    this.#limit = limit
    this.#windowStart = start
    this.shared = new SeriesGroup({ [ATTRIBUTES.overflow]: true }, start, upTo(SHARED_SERIES))
  }

  /** The process to add to, until the next `prune` or `rank`. */
  get({ key, labels }: Identity): Process {
    const known = this.#top.get(key) ?? this.#waiting.get(key)
    if (known !== undefined) return known
    const series = new SeriesGroup(labels, this.#windowStart, this.#waitingRoom, this.shared)
    const process = { key, series, activity: 0, weight: 0 }
    this.#waiting.set(key, process)
    return process
  }

  /** More wait than may: `prune` is due. */
  get isFull(): boolean {
    return this.#waiting.size > this.#mostWaiting
  }

  /** Keeps memory bounded however many processes there are and however long no export comes: halves those that wait. */
  *prune(): Generator<void, void> {
    if (!this.isFull) return
    for (const process of byActivity(this.#waiting.values()).slice(this.#mostWaiting / 2)) {
      yield
      this.#waiting.delete(process.key)
      this.shared.merge(process.series)
      process.series.end()
    }
  }

  get #mostWaiting(): number {
    return Math.max(LEAST_WAITING, 2 * this.#limit)
  }

  /** Decides for the export at `now`: afterwards nothing waits. */
  *rank(now: Moment): Generator<void, void> {
    for (const process of this.#top.values()) {
      process.weight = process.weight / 2 + process.activity
      process.activity = 0
    }
    const weakest = [...this.#top.values()].sort((a, b) => a.weight - b.weight)
    for (const process of byActivity(this.#waiting.values())) {
      yield
      const [last] = weakest
      if (this.#top.size < this.#limit) this.#enter(process)
      // the weight counts what was twice, so that two of about the same activity do not take turns
      else if (last !== undefined && process.activity > last.weight && this.#freeze(last, process.key, now.ms)) {
        weakest.shift()
        this.#enter(process)
      } else this.shared.merge(process.series)
    }
    this.#waiting.clear()
    this.#waitingRoom = new SharedRoom(OWN_WAITING_SERIES, COMMON_WAITING_SERIES)
    this.#windowStart = now
  }

  /** All series, after `rank`. */
  all(): SeriesGroup[] {
    return [...[...this.#top.values(), ...this.#frozen.values()].map(({ series }) => series), this.shared]
  }

  /** The series in which a process is exported, after `rank`. */
  groupOf({ key }: Identity): SeriesGroup {
    return this.#top.get(key)?.series ?? this.shared
  }

  /** Those that stand still. */
  frozen(): ReadonlySet<Frozen> {
    return new Set(this.#frozen.values())
  }

  #enter({ key, activity, series }: Process): void {
    const before = this.#frozen.get(key)
    this.#frozen.delete(key)
    const own = before?.series ?? new SeriesGroup(series.labels, series.start, this.#room, this.shared)
    own.merge(series)
    this.#top.set(key, { key, series: own, activity: 0, weight: activity })
  }

  /** Makes place for another one in the top; false if there is no room for one more that stands still. */
  #freeze({ key, series }: Process, successor: string, nowMs: number): boolean {
    if (this.#frozen.size >= this.#limit && !this.#frozen.has(successor) && !this.#endOldest(nowMs)) return false
    this.#top.delete(key)
    this.#frozen.set(key, { series, sinceMs: nowMs, delivered: false })
    return true
  }

  #endOldest(nowMs: number): boolean {
    for (const [key, { delivered, sinceMs, series }] of this.#frozen) {
      if (nowMs - sinceMs < RETENTION_MS) return false
      if (!delivered) continue
      series.end()
      return this.#frozen.delete(key)
    }
    return false
  }
}

function byActivity(processes: Iterable<Process>): Process[] {
  return [...processes].sort((a, b) => b.activity - a.activity)
}
