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

import { ATTRIBUTES } from './attributes.ts'
import { type Labels, SeriesGroup } from './series.ts'

/** Beyond the five minutes in which Prometheus still looks for the last value of a series. */
const RETENTION_MS = 6 * 60_000

/** So many processes at least may wait for the next export before the least active of them have to share. */
const LEAST_WAITING = 1000

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

interface Frozen {
  readonly series: SeriesGroup
  readonly sinceMs: number
  /** Its last value arrived. */
  delivered: boolean
}

export class TopProcesses {
  /** What all those without series of their own did. */
  readonly shared: SeriesGroup
  readonly #limit: number
  readonly #top = new Map<string, Process>()
  readonly #frozen = new Map<string, Frozen>()
  readonly #waiting = new Map<string, Process>()
  #windowStartMs: number

  /** `limit`: processes with series of their own. */
  constructor(limit: number, startMs: number) {
    this.#limit = limit
    this.#windowStartMs = startMs
    this.shared = new SeriesGroup({ [ATTRIBUTES.overflow]: true }, startMs)
  }

  /** The process to add to, until the next `prune` or `rank`. */
  get({ key, labels }: Identity): Process {
    const known = this.#top.get(key) ?? this.#waiting.get(key)
    if (known !== undefined) return known
    const process = { key, series: new SeriesGroup(labels, this.#windowStartMs), activity: 0, weight: 0 }
    this.#waiting.set(key, process)
    return process
  }

  /** Keeps memory bounded however many processes there are and however long no export comes. */
  *prune(): Generator<void, void> {
    const room = Math.max(LEAST_WAITING, 2 * this.#limit)
    if (this.#waiting.size <= room) return
    for (const process of byActivity(this.#waiting.values()).slice(room / 2)) {
      yield
      this.#waiting.delete(process.key)
      this.shared.merge(process.series)
    }
  }

  /** Decides for the export at `nowMs`: afterwards nothing waits. */
  *rank(nowMs: number): Generator<void, void> {
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
      else if (last !== undefined && process.activity > last.weight && this.#freeze(last, process.key, nowMs)) {
        weakest.shift()
        this.#enter(process)
      } else this.shared.merge(process.series)
    }
    this.#waiting.clear()
    this.#windowStartMs = nowMs
  }

  /** All series, after `rank`. */
  all(): SeriesGroup[] {
    return [...[...this.#top.values(), ...this.#frozen.values()].map(({ series }) => series), this.shared]
  }

  /** Attributes under which a process is exported, after `rank`. */
  labelsOf({ key }: Identity): Labels {
    return this.#top.get(key)?.series.labels ?? this.shared.labels
  }

  /** All that `all` returned when it was last asked has arrived. */
  delivered(): void {
    for (const frozen of this.#frozen.values()) frozen.delivered = true
  }

  #enter(process: Process): void {
    const { key, activity } = process
    const before = this.#frozen.get(key)
    this.#frozen.delete(key)
    before?.series.merge(process.series)
    this.#top.set(key, { key, series: before?.series ?? process.series, activity: 0, weight: activity })
  }

  /** Makes place for another one in the top; false if there is no room for one more that stands still. */
  #freeze({ key, series }: Process, successor: string, nowMs: number): boolean {
    if (this.#frozen.size >= this.#limit && !this.#frozen.has(successor) && !this.#endOldest(nowMs)) return false
    this.#top.delete(key)
    this.#frozen.set(key, { series, sinceMs: nowMs, delivered: false })
    return true
  }

  #endOldest(nowMs: number): boolean {
    for (const [key, { delivered, sinceMs }] of this.#frozen) {
      if (nowMs - sinceMs < RETENTION_MS) return false
      if (delivered) return this.#frozen.delete(key)
    }
    return false
  }
}

function byActivity(processes: Iterable<Process>): Process[] {
  return [...processes].sort((a, b) => b.activity - a.activity)
}
