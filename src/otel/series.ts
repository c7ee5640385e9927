/** Counters and histograms of one process, or of whatever else shares a set of attributes. They only grow. */

import { HistogramSum } from '../sample/histogram.ts'
import type { CounterName, HistogramName } from './metrics.ts'

export type Labels = Readonly<Record<string, string | number | boolean>>

export class CounterSeries {
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

/** The attributes of a series that its group does not have, from the key that tells it from the others of its metric. */
type LabelsOf = (key: string) => Labels

const noLabels: LabelsOf = () => ({})

export class SeriesGroup {
  /** Attributes of all its series. */
  readonly labels: Labels
  /** Since when it counts, in milliseconds of Unix time. */
  readonly startMs: number
  readonly #counters = new Map<CounterName, Map<string, CounterSeries>>()
  readonly #histograms = new Map<HistogramName, Map<string, HistogramSeries>>()

  constructor(labels: Labels, startMs: number) {
    this.labels = labels
    this.startMs = startMs
  }

  add(name: CounterName, amount: number, key = '', labelsOf = noLabels): void {
    if (amount > 0) this.#counter(name, key, labelsOf).value += amount
  }

  histogram(name: HistogramName, key = '', labelsOf = noLabels): HistogramSum {
    const series = getOrAdd(this.#histograms, name, () => new Map<string, HistogramSeries>())
    return getOrAdd(series, key, () => new HistogramSeries({ ...this.labels, ...labelsOf(key) })).value
  }

  /** One duration, in nanoseconds. */
  record(name: HistogramName, nanoseconds: number): void {
    this.histogram(name).record(nanoseconds)
  }

  counters(name: CounterName): Iterable<CounterSeries> {
    return this.#counters.get(name)?.values() ?? []
  }

  histograms(name: HistogramName): Iterable<HistogramSeries> {
    return this.#histograms.get(name)?.values() ?? []
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

  #counter(name: CounterName, key: string, labelsOf: LabelsOf): CounterSeries {
    const series = getOrAdd(this.#counters, name, () => new Map<string, CounterSeries>())
    return getOrAdd(series, key, () => new CounterSeries({ ...this.labels, ...labelsOf(key) }))
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
