/** The standard OTEL_* variables, checked at the start: the SDK would pass over unusable values in silence. */

import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics'
import { usageError } from '../../errors.ts'
import { type Connection, readConnection } from './connection.ts'
import type { Source } from './endpoint.ts'
import { checkResourceAttributes, choice, type Environment, variable } from './variables.ts'

/** What the command line says of the export. */
export interface ExportOptions {
  readonly protocol: 'otlp'
  /** Of the collector; null: as the OTEL_* variables say. */
  readonly endpoint: string | null
  /** null: as OTEL_METRIC_EXPORT_INTERVAL says. */
  readonly intervalSeconds: number | null
  /** A series for each process id, and not for each name. */
  readonly pids: boolean
  /** Processes with series of their own. */
  readonly top: number
  readonly spans: boolean
}

export interface ExportSettings {
  /** OTEL_SDK_DISABLED: everything is accepted and nothing is sent. */
  readonly disabled: boolean
  readonly metrics: Connection
  /** Null: no spans are sent. */
  readonly traces: Connection | null
  /** Time between exports, in milliseconds. */
  readonly intervalMs: number
  /** How long a request may take, in milliseconds; never longer than the interval. */
  readonly timeoutMs: number
  readonly histograms: 'exponential' | 'explicit'
  readonly logLevel: LogLevel
  /** A series for each process id. */
  readonly pids: boolean
  /** Processes with series of their own. */
  readonly top: number
  temporalityOf(instrument: InstrumentType): AggregationTemporality
}

const DEFAULT_INTERVAL_MS = 10_000
const DEFAULT_TIMEOUT_MS = 10_000

/** A request must be over before the next one is due. */
const TIMEOUT_SHARE = 0.9

const LOG_LEVELS = ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Longest time that a timer takes. */
const MAX_MS = 2 ** 31 - 1

/**
 * What the command line and the environment ask for.
 * @throws UserError with status 2 for a value that cannot be meant
 */
export function readSettings(options: ExportOptions, environment: Environment): ExportSettings {
  const of = (name: string): Source => ({ name, text: environment[name] ?? '' })
  checkResourceAttributes(environment)
  const intervalMs =
    options.intervalSeconds === null
      ? (milliseconds(of('OTEL_METRIC_EXPORT_INTERVAL')) ?? DEFAULT_INTERVAL_MS)
      : options.intervalSeconds * 1000
  const timeoutMs =
    milliseconds(of('OTEL_METRIC_EXPORT_TIMEOUT')) ??
    milliseconds(variable(environment, 'METRICS', 'TIMEOUT')) ??
    DEFAULT_TIMEOUT_MS
  const temporality = choice(of('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'), TEMPORALITIES) ?? 'cumulative'
  const aggregation = choice(of('OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'), AGGREGATIONS)
  return {
    metrics: readConnection('METRICS', options, environment),
    traces: options.spans ? readConnection('TRACES', options, environment) : null,
    disabled: choice(of('OTEL_SDK_DISABLED'), ['true', 'false']) === 'true',
    intervalMs,
    timeoutMs: Math.max(1, Math.min(timeoutMs, Math.floor(intervalMs * TIMEOUT_SHARE))),
    histograms: aggregation === 'explicit_bucket_histogram' ? 'explicit' : 'exponential',
    logLevel: choice(of('OTEL_LOG_LEVEL'), LOG_LEVELS) ?? 'warn',
    pids: options.pids,
    top: options.top,
    temporalityOf: instrument => TEMPORALITY[temporality](instrument),
  }
}

const AGGREGATIONS = ['explicit_bucket_histogram', 'base2_exponential_bucket_histogram'] as const
const TEMPORALITIES = ['cumulative', 'delta', 'lowmemory'] as const

const { CUMULATIVE, DELTA } = AggregationTemporality

/** As the specification has it: what goes up and down is cumulative always. */
const TEMPORALITY: Record<(typeof TEMPORALITIES)[number], (instrument: InstrumentType) => AggregationTemporality> = {
  cumulative: () => CUMULATIVE,
  delta: instrument => (UP_DOWN.includes(instrument) ? CUMULATIVE : DELTA),
  lowmemory: instrument => (SYNCHRONOUS.includes(instrument) ? DELTA : CUMULATIVE),
}
const UP_DOWN: readonly InstrumentType[] = [InstrumentType.UP_DOWN_COUNTER, InstrumentType.OBSERVABLE_UP_DOWN_COUNTER]
const SYNCHRONOUS: readonly InstrumentType[] = [InstrumentType.COUNTER, InstrumentType.HISTOGRAM]

function milliseconds(source: Source | null): number | null {
  const text = source?.text.trim() ?? ''
  if (source === null || text === '') return null
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= MAX_MS) return value
  throw usageError(
    `${source.name}: "${text}" is not a number of milliseconds, 1 or more`,
    `write for example ${source.name}=10000`,
  )
}
