/** The standard OTEL_* variables, checked at the start: the SDK would pass over unusable values in silence. */

import { usageError } from '../cli/errors.ts'
import type { ExportOptions } from '../cli/options.ts'
import {
  checkCertificates,
  checkEndpoint,
  checkHeaders,
  checkResourceAttributes,
  type Environment,
  variable,
} from './variables.ts'

export interface ExportSettings {
  /** OTEL_SDK_DISABLED: everything is accepted and nothing is sent. */
  readonly disabled: boolean
  /** Host and port of the collector, to be shown. */
  readonly target: string
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
  readonly spans: boolean
}

const DEFAULT_ENDPOINT = 'http://localhost:4317'
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
  const signals = options.spans ? ['METRICS', 'TRACES'] : ['METRICS']
  for (const signal of signals) checkExporter(signal, environment)
  checkResourceAttributes(environment)
  choice(environment, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', ['cumulative', 'delta', 'lowmemory'])
  const intervalMs =
    options.intervalSeconds === null
      ? (milliseconds(environment, 'OTEL_METRIC_EXPORT_INTERVAL') ?? DEFAULT_INTERVAL_MS)
      : options.intervalSeconds * 1000
  const timeoutMs =
    milliseconds(environment, 'OTEL_METRIC_EXPORT_TIMEOUT') ??
    milliseconds(environment, 'OTEL_EXPORTER_OTLP_METRICS_TIMEOUT') ??
    milliseconds(environment, 'OTEL_EXPORTER_OTLP_TIMEOUT') ??
    DEFAULT_TIMEOUT_MS
  return {
    target: targetOf(environment),
    disabled: choice(environment, 'OTEL_SDK_DISABLED', ['true', 'false']) === 'true',
    intervalMs,
    timeoutMs: Math.max(1, Math.min(timeoutMs, Math.floor(intervalMs * TIMEOUT_SHARE))),
    histograms:
      choice(environment, 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION', [
        'explicit_bucket_histogram',
        'base2_exponential_bucket_histogram',
      ]) === 'explicit_bucket_histogram'
        ? 'explicit'
        : 'exponential',
    logLevel: choice(environment, 'OTEL_LOG_LEVEL', LOG_LEVELS) ?? 'warn',
    pids: options.pids,
    top: options.top,
    spans: options.spans,
  }
}

/** Without a user or path that may stand in it. */
function targetOf(environment: Environment): string {
  const text = variable(environment, 'METRICS', 'ENDPOINT')?.text ?? DEFAULT_ENDPOINT
  return URL.parse(text)?.host || text
}

/** Variables that exist once for all signals and once for each. */
function checkExporter(signal: string, environment: Environment): void {
  for (const prefix of [`OTEL_EXPORTER_OTLP_${signal}_`, 'OTEL_EXPORTER_OTLP_']) {
    choice(environment, `${prefix}PROTOCOL`, ['grpc'])
    choice(environment, `${prefix}COMPRESSION`, ['none', 'gzip'])
    choice(environment, `${prefix}INSECURE`, ['true', 'false'])
    milliseconds(environment, `${prefix}TIMEOUT`)
    checkEndpoint(environment, `${prefix}ENDPOINT`)
    checkHeaders(environment, `${prefix}HEADERS`)
  }
  checkCertificates(environment, signal)
}

function milliseconds(environment: Environment, name: string): number | null {
  const text = environment[name]?.trim() ?? ''
  if (text === '') return null
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= MAX_MS) return value
  throw usageError(`${name}: "${text}" is not a number of milliseconds from 1 on`, `write for example ${name}=10000`)
}

function choice<T extends string>(environment: Environment, name: string, allowed: readonly T[]): T | null {
  const text = environment[name]?.trim() ?? ''
  if (text === '') return null
  const found = allowed.find(value => value === text.toLowerCase())
  if (found !== undefined) return found
  const remedy = allowed.length === 1 ? `only ${allowed[0]} is spoken here` : `write one of ${allowed.join(', ')}`
  throw usageError(`${name}: "${text}" is not known`, `${remedy}, or unset it`)
}
