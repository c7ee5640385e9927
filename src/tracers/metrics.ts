/** What a tracer exports of what it measures: metrics, and how rows become their numbers. The wire is no matter of it. */

import type { HistogramSum } from '../table/histogram.ts'
import type { OfProcess } from './processes/processes-by-key.ts'
import type { Reading } from './reading.ts'

/**
 * counter: only rises; level: goes up and down (an OpenTelemetry up-down counter); gauge: must not be added up;
 * histogram: exponential, of scale 3.
 */
export type MetricKind = 'counter' | 'level' | 'gauge' | 'histogram'

export interface MetricDescription {
  readonly kind: MetricKind
  /** UCUM, as OTLP wants it. */
  readonly unit: string
  /** The values are fractions. */
  readonly fractional?: boolean
  /** A series for each process, or group of processes with one name. */
  readonly perProcess: boolean
  readonly attributes: readonly string[]
  readonly description: string
}

/** Attributes of a series. */
export type Labels = Readonly<Record<string, string | number | boolean>>

/** The attributes of a series that its process does not have, from the key that tells it from the others of its metric. */
export type LabelsOf = (key: string) => Labels

/** Where the numbers of one process, or group of processes, are counted. */
export interface Meter {
  /** Adds to a counter. */
  add(name: string, amount: number, key?: string, labelsOf?: LabelsOf): void
  /** What to add durations to. */
  histogram(name: string, key?: string, labelsOf?: LabelsOf): HistogramSum
  /** One duration, in nanoseconds. */
  record(name: string, nanoseconds: number): void
  /** The process did that much, in system calls and their like: the most active ones have series of their own. */
  rank(activity: number): void
}

/** A number that is not added up over time. */
export interface LevelOf {
  readonly name: string
  /** null: it is one of the machine. */
  readonly process: OfProcess | null
  /** Tells its series from the others of its metric and process. */
  readonly key: string
  readonly labels: Labels
  readonly value: number
}

/** Metrics of one exporter, which takes every sample in turn. Both yield now and then, where they can be laid aside. */
export interface TracerMetrics {
  /** By name. */
  readonly descriptions: Readonly<Record<string, MetricDescription>>
  /** Adds what a sample counted, each number to the meter of its process. */
  take(sample: Pick<Reading, 'tables' | 'calls'>, meterOf: (process: OfProcess) => Meter): Generator<void, void>
  /** Numbers of the same series are added up; a series that was told once and is told no more is 0. */
  levels?(sample: Pick<Reading, 'tables'>): Generator<void, readonly LevelOf[]>
}
