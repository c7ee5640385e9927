/** What the accumulator holds, as the metrics SDK wants it. */

import { ValueType } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  InstrumentType,
  type MetricData,
  type MetricProducer,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import { type Histogram, HistogramSum } from '../../table/histogram.ts'
import type { MetricDescription } from '../../tracers/metrics.ts'
import { VERSION } from '../../version.ts'
import { exported } from '../time.ts'
import type { Accumulator, Collection } from './accumulate.ts'
import {
  type ExplicitHistogram,
  type ExponentialHistogram,
  explicitHistogram,
  exponentialHistogram,
  histogramBetween,
} from './buckets.ts'
import { Ledger, type OnArrival, point, type Series } from './ledger.ts'
import { allMetrics } from './metrics.ts'
import type { SeriesGroup } from './series.ts'
import type { Turns } from './turns.ts'

export const SCOPE = { name: 'ebpf-top', version: VERSION }

/** Collections whose arrival is still waited for: those that come while one is under way are passed over. */
const REMEMBERED = 16

export interface ProducerSettings {
  /** The kernel side's buckets are those of an exponential histogram; an explicit one has the same bounds. */
  readonly histograms: 'exponential' | 'explicit'
  temporalityOf(instrument: InstrumentType): AggregationTemporality
}

const numbers = {
  between: (later: number, earlier: number | undefined) => later - (earlier ?? 0) || null,
  copy: (value: number) => value,
  send: (value: number) => value,
}

const histograms = {
  between: histogramBetween,
  copy: (value: Histogram): Histogram => new HistogramSum().add(value),
}

export class Producer implements MetricProducer {
  /** How often was collected. */
  rounds = 0
  readonly #metrics = allMetrics()
  readonly #accumulator: Accumulator
  readonly #turns: Turns
  readonly #settings: ProducerSettings
  readonly #counters = new Ledger(numbers)
  readonly #exponential = new Ledger<Histogram, ExponentialHistogram>({ ...histograms, send: exponentialHistogram })
  readonly #explicit = new Ledger<Histogram, ExplicitHistogram>({ ...histograms, send: explicitHistogram })
  readonly #arrivals = new WeakMap<object, () => void>()
  /** Of the last collections, by their number. */
  readonly #underWay = new Map<number, { left: number; readonly collection: Collection }>()

  /** `turns`: of all that is done to the accumulator. */
  constructor(accumulator: Accumulator, turns: Turns, settings: ProducerSettings) {
    this.#accumulator = accumulator
    this.#turns = turns
    this.#settings = settings
  }

  async collect(): Promise<CollectionResult> {
    const errors: unknown[] = []
    const round = ++this.rounds
    // if it threw, the batch of every producer would be lost
    const metrics = await this.#turns
      .do(() => this.#collect(round))
      .catch((error: unknown): MetricData[] => {
        errors.push(error)
        return []
      })
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: SCOPE, metrics }]
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors }
  }

  /** Metrics that have points, all of the same moment. */
  *#collect(round: number): Generator<void, MetricData[]> {
    const metrics: MetricData[] = []
    const collection = yield* this.#accumulator.collect()
    if (collection === null) return metrics
    for (const [name, description] of this.#metrics) {
      const metric = yield* this.#metric(name, description, collection)
      if (metric.dataPoints.length > 0) metrics.push(metric)
    }
    const left = metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0)
    this.#underWay.delete(round - REMEMBERED)
    this.#underWay.set(round, { left, collection })
    return metrics
  }

  /**
   * These have arrived, a part of collection number `round`. Deltas hold again what has not arrived; but nothing that was
   * in a partial success, for nobody says which points were rejected, and those that were not would count twice.
   */
  arrived({ scopeMetrics }: ResourceMetrics, round: number, arrival: 'whole' | 'partial'): void {
    const underWay = this.#underWay.get(round)
    for (const { metrics } of scopeMetrics) {
      for (const { dataPoints } of metrics) {
        if (underWay !== undefined && arrival === 'whole') underWay.left -= dataPoints.length
        for (const point of dataPoints) this.#arrivals.get(point)?.()
      }
    }
    if (underWay?.left !== 0) return
    this.#underWay.delete(round)
    this.#accumulator.delivered(underWay.collection)
  }

  readonly #onArrival: OnArrival = (point, act) => {
    this.#arrivals.set(point, act)
  };

  *#metric(
    name: string,
    { kind, unit, description, fractional }: MetricDescription,
    collection: Collection,
  ): Generator<void, MetricData> {
    const valueType = kind === 'histogram' || fractional === true ? ValueType.DOUBLE : ValueType.INT
    const common = { descriptor: { name, unit, description, valueType } }
    if (kind === 'counter') return { ...common, ...(yield* this.#counter(name, collection)) }
    if (kind === 'histogram') return { ...common, ...(yield* this.#histogram(name, collection)) }
    const dataPoints = levelPoints(name, collection)
    const aggregationTemporality = AggregationTemporality.CUMULATIVE
    return kind === 'gauge'
      ? { ...common, dataPointType: DataPointType.GAUGE, aggregationTemporality, dataPoints }
      : { ...common, dataPointType: DataPointType.SUM, isMonotonic: false, aggregationTemporality, dataPoints }
  }

  *#counter(name: string, collection: Collection) {
    // its state is a total, so that it is an observed counter for those who choose by the kind of instrument
    const aggregationTemporality = this.#settings.temporalityOf(InstrumentType.OBSERVABLE_COUNTER)
    const dataPoints = yield* this.#points(
      this.#counters,
      group => group.counters(name),
      aggregationTemporality,
      collection,
    )
    return { dataPointType: DataPointType.SUM, isMonotonic: true, aggregationTemporality, dataPoints } as const
  }

  *#histogram(name: string, collection: Collection) {
    const aggregationTemporality = this.#settings.temporalityOf(InstrumentType.HISTOGRAM)
    const points = <Sent>(ledger: Ledger<Histogram, Sent>): Generator<void, DataPoint<Sent>[]> =>
      this.#points(ledger, group => group.histograms(name), aggregationTemporality, collection)
    return this.#settings.histograms === 'explicit'
      ? ({
          dataPointType: DataPointType.HISTOGRAM,
          aggregationTemporality,
          dataPoints: yield* points(this.#explicit),
        } as const)
      : ({
          dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
          aggregationTemporality,
          dataPoints: yield* points(this.#exponential),
        } as const)
  }

  *#points<Value, Sent>(
    ledger: Ledger<Value, Sent>,
    seriesOf: (group: SeriesGroup) => Iterable<Series<Value>>,
    temporality: AggregationTemporality,
    { groups, end }: Collection,
  ): Generator<void, DataPoint<Sent>[]> {
    const points: DataPoint<Sent>[] = []
    for (const group of groups) {
      yield
      const series = seriesOf(group)
      points.push(
        ...(temporality === AggregationTemporality.CUMULATIVE
          ? ledger.totals(series, group.start, end)
          : ledger.deltas(series, group.start, end, this.#onArrival)),
      )
    }
    return points
  }
}

function levelPoints(name: string, { levels, start, end }: Collection): DataPoint<number>[] {
  const [startTime, endTime] = [exported(start), exported(end)]
  return levels
    .filter(level => level.name === name)
    .map(({ labels, value }) => point(startTime, endTime, labels, value))
}
