/** Counters, histograms and levels of one process, or of whatever else shares a set of attributes. */

import { HistogramSum } from '../../table/histogram.ts'
import type { Labels, LabelsOf } from '../../tracers/metrics.ts'
import type { Moment } from '../time.ts'
import { NO_BOUND, type Room } from './room.ts'

export class NumberSeries {
  value = 0
  readonly labels: Labels

  constructor(labels: Labels) {
    this.labels = labels
  }
}

/** Durations in nanoseconds. */
export class HistogramSeries {
  readonly value = new HistogramSum()
  readonly labels: Labels

  constructor(labels: Labels) {
    this.labels = labels
  }
}

const noLabels: LabelsOf = () => ({})

/** Key of the series of a metric that holds what found no room, with the attributes of the group alone. */
const REST = '\0rest'

export class SeriesGroup {
  /** Attributes of all its series. */
  readonly labels: Labels
  /** Since when it counts. */
  readonly start: Moment
  readonly #room: Room
  readonly #beyond: SeriesGroup | null
  readonly #counters = new Map<string, Map<string, NumberSeries>>()
  readonly #histograms = new Map<string, Map<string, HistogramSeries>>()
  readonly #levels = new Map<string, Map<string, NumberSeries>>()
  #size = 0

  /** `room`: for its counters and histograms; what finds none is counted in the group `beyond`, or else in a series of its own. */
  constructor(labels: Labels, start: Moment, room = NO_BOUND, beyond: SeriesGroup | null = null) {
    this.labels = labels
    this.start = start
    this.#room = room
    this.#beyond = beyond
  }

  /** Counters and histograms that it has. */
  get size(): number {
    return this.#size
  }

  add(name: string, amount: number, key = '', labelsOf = noLabels): void {
    if (amount <= 0) return
    const all = getOrAdd(this.#counters, name, () => new Map<string, NumberSeries>())
    const series = all.get(key) ?? this.#enter(all, key, labelsOf, NumberSeries)
    if (series === null) this.#beyond?.add(name, amount, key, labelsOf)
    else series.value += amount
  }

  histogram(name: string, key = '', labelsOf = noLabels): HistogramSum {
    const all = getOrAdd(this.#histograms, name, () => new Map<string, HistogramSeries>())
    const series = all.get(key) ?? this.#enter(all, key, labelsOf, HistogramSeries)
    return series?.value ?? (this.#beyond ?? this).histogram(name, key, labelsOf)
  }

  /** One duration, in nanoseconds. */
  record(name: string, nanoseconds: number): void {
    this.histogram(name).record(nanoseconds)
  }

  counters(name: string): Iterable<NumberSeries> {
    return this.#counters.get(name)?.values() ?? []
  }

  histograms(name: string): Iterable<HistogramSeries> {
    return this.#histograms.get(name)?.values() ?? []
  }

  /** All levels, with the names of their metrics. */
  *levels(): Generator<readonly [name: string, level: NumberSeries], void> {
    for (const [name, series] of this.#levels) for (const level of series.values()) yield [name, level]
  }

  /** Levels are few for a group, so that they need no room. */
  addLevel(name: string, amount: number, key: string, labels: Labels): void {
    const series = getOrAdd(this.#levels, name, () => new Map<string, NumberSeries>())
    getOrAdd(series, key, () => new NumberSeries({ ...this.labels, ...labels })).value += amount
  }

  clearLevels(): void {
    for (const [, series] of this.levels()) series.value = 0
  }

  /** Forgets the levels among these that are still 0. */
  dropZeros(told: ReadonlySet<NumberSeries>): void {
    for (const all of this.#levels.values()) {
      for (const [key, series] of all) if (series.value === 0 && told.has(series)) all.delete(key)
    }
  }

  /** Adds all that another group counted. */
  merge(other: SeriesGroup): void {
    for (const [name, series] of other.#counters) {
      for (const [key, { value, labels }] of series) this.add(name, value, key, () => without(labels, other.labels))
    }
    for (const [name, series] of other.#histograms) {
      for (const [key, { value, labels }] of series) {
        this.histogram(name, key, () => without(labels, other.labels)).add(value)
      }
    }
  }

  /** Its series are no more. */
  end(): void {
    this.#room.free(this.#size)
    this.#size = 0
  }

  /** A new series; null where there is no room for it, but in another group. */
  #enter<S>(all: Map<string, S>, key: string, labelsOf: LabelsOf, Kind: new (labels: Labels) => S): S | null {
    const admitted = key === REST || this.#room.take(this.#size)
    if (!admitted && this.#beyond !== null) return null
    if (!admitted) return getOrAdd(all, REST, () => new Kind(this.labels))
    this.#size++
    const series = new Kind({ ...this.labels, ...labelsOf(key) })
    all.set(key, series)
    return series
  }
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function without(labels: Labels, left: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !(name in left)))
}
