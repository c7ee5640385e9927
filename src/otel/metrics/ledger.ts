/** What has arrived at the collector, series by series: the beginning of the next delta. */

import type { HrTime } from '@opentelemetry/api'
import type { DataPoint } from '@opentelemetry/sdk-metrics'
import type { Labels } from '../../tracers/metrics.ts'
import { exported, type Moment } from '../time.ts'

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

  /** Points with the values since the start. */
  totals(series: Iterable<Series<Value>>, start: Moment, end: Moment): DataPoint<Sent>[] {
    const [startTime, endTime] = [exported(start), exported(end)]
    return Array.from(series, ({ labels, value }) => point(startTime, endTime, labels, this.#arithmetic.send(value)))
  }

  /** Points with what has not yet arrived. */
  deltas(series: Iterable<Series<Value>>, start: Moment, end: Moment, onArrival: OnArrival): DataPoint<Sent>[] {
    const points: DataPoint<Sent>[] = []
    for (const one of series) {
      const before = this.#arrived.get(one)
      const change = this.#arithmetic.between(one.value, before?.value)
      if (change === null) continue
      const value = this.#arithmetic.copy(one.value)
      // as long as it was, also where the clock was set in between
      const startTime = exported({ ms: before?.atMs ?? start.ms, setMs: end.setMs })
      const delta = point(startTime, exported(end), one.labels, this.#arithmetic.send(change))
      // an answer that comes late tells less than the one before it
      onArrival(delta, () => {
        if ((this.#arrived.get(one)?.atMs ?? 0) < end.ms) this.#arrived.set(one, { value, atMs: end.ms })
      })
      points.push(delta)
    }
    return points
  }
}

export function point<Value>(startTime: HrTime, endTime: HrTime, attributes: Labels, value: Value): DataPoint<Value> {
  return { startTime, endTime, attributes, value }
}
