/** What has arrived at the collector, series by series: the beginning of the next delta. */

import type { HrTime } from '@opentelemetry/api'
import type { DataPoint } from '@opentelemetry/sdk-metrics'
import type { Labels } from './series.ts'
import { hrTime } from './time.ts'

/** How the values of a kind of series are subtracted, kept and sent. */
export interface Arithmetic<Value, Sent> {
  /** What came since `earlier`; null where nothing did. */
  between(later: Value, earlier: Value | undefined): Value | null
  copy(value: Value): Value
  send(value: Value): Sent
}

interface Arrived<Value> {
  readonly value: Value
  readonly atMs: number
}

export interface Series<Value> {
  readonly labels: Labels
  readonly value: Value
}

/** Calls `act` once the data point has arrived. */
export type OnArrival = (point: object, act: () => void) => void

export class Ledger<Value, Sent> {
  readonly #arithmetic: Arithmetic<Value, Sent>
  readonly #arrived = new WeakMap<object, Arrived<Value>>()

  constructor(arithmetic: Arithmetic<Value, Sent>) {
    this.#arithmetic = arithmetic
  }

  /** Points with the values since the start. `setMs`: Unix time is by so much ahead of those of the others. */
  totals(series: Iterable<Series<Value>>, startMs: number, endMs: number, setMs: number): DataPoint<Sent>[] {
    const [start, end] = [hrTime(startMs + setMs), hrTime(endMs + setMs)]
    return Array.from(series, ({ labels, value }) => point(start, end, labels, this.#arithmetic.send(value)))
  }

  /** Points with what has not yet arrived. */
  deltas(
    series: Iterable<Series<Value>>,
    startMs: number,
    endMs: number,
    setMs: number,
    onArrival: OnArrival,
  ): DataPoint<Sent>[] {
    const points: DataPoint<Sent>[] = []
    for (const one of series) {
      const before = this.#arrived.get(one)
      const change = this.#arithmetic.between(one.value, before?.value)
      if (change === null) continue
      const value = this.#arithmetic.copy(one.value)
      const start = hrTime((before?.atMs ?? startMs) + setMs)
      const delta = point(start, hrTime(endMs + setMs), one.labels, this.#arithmetic.send(change))
      // an answer that comes late tells less than the one before it
      onArrival(delta, () => {
        if ((this.#arrived.get(one)?.atMs ?? 0) < endMs) this.#arrived.set(one, { value, atMs: endMs })
      })
      points.push(delta)
    }
    return points
  }
}

export function point<Value>(startTime: HrTime, endTime: HrTime, attributes: Labels, value: Value): DataPoint<Value> {
  return { startTime, endTime, attributes, value }
}
