/** How values are written for people: on the screen and in the text output of batch mode. */

import type { Names } from '../names/names.ts'
import { sanitize } from '../text/text.ts'
import type { Column, Field, Unit, Value } from './table.ts'

/** Text stands on the left of its column, numbers on the right. */
export function alignment(unit: Unit): 'left' | 'right' {
  return unit === 'text' || unit === 'flag' ? 'left' : 'right'
}

/** How each kind of number is measured: what a sample says in `sources`. */
export type Sources = Readonly<Record<string, string>>

/** What a row has to be read with: facts of its sample, and names to write instead of addresses. */
export interface Reading {
  readonly interval_seconds: number
  readonly sources: Sources
  /** Absent or null: names are not wanted. */
  readonly names?: Names | null
}

/** How `Sources` says that something is not measured; the reason may follow. */
const NOT_MEASURED = 'none'

/** Numbers of this kind are measured. */
export function isMeasured(kind: string, sources: Sources): boolean {
  return !(sources[kind] ?? NOT_MEASURED).startsWith(NOT_MEASURED)
}

/** The exact value; null also where what it comes from offers none. */
export function measured<Row>(field: Field<Row>, row: Row, sources: Sources): Value {
  return field.source === undefined || isMeasured(field.source, sources) ? field.value(row) : null
}

/**
 * The text of one cell, without padding: sanitized, in the column's unit, per second where the column says so.
 * Numbers take at most seven cells, whatever they are; text may be longer than the column (see `fitText`).
 */
export function formatCell<Row>(column: Column<Row>, row: Row, reading: Reading): string {
  if (reading.names && column.named !== undefined) return sanitize(column.named(row, reading.names))
  const value = measured(column, row, reading.sources)
  if (value === null) return '-'
  const mark = column.mark?.(row) ?? ''
  if (typeof value === 'string') return sanitize(mark + (column.written?.(row) ?? value).slice(0, column.shown))
  if (typeof value === 'boolean') return value ? `${mark}yes` : ''
  return (
    mark + formatNumber(perInterval(column, value, reading.interval_seconds), column.unit, column.width - mark.length)
  )
}

function perInterval<Row>(column: Column<Row>, value: number, intervalSeconds: number): number {
  return column.kind === 'counter' && intervalSeconds > 0 ? value / intervalSeconds : value
}

/** A number in its unit, in at most seven cells. */
export function formatValue(value: number, unit: Unit): string {
  return formatNumber(value, unit, 7)
}

function formatNumber(value: number, unit: Unit, width: number): string {
  switch (unit) {
    case 'events':
      return formatEvents(value)
    case 'bytes':
      return formatBytes(value)
    case 'nanoseconds':
      return formatNanoseconds(value)
    case 'seconds':
      return formatSeconds(value)
    case 'share':
      return formatShare(value)
    default: {
      const exact = String(value)
      return exact.length <= width ? exact : formatEvents(value)
    }
  }
}

/** Number of events, with decimal prefixes from five digits on: `0.2`, `1234`, `12.3k`, `1.2M`. */
export function formatEvents(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value < 10_000) return small(value)
  return scaled(value, 1000, ['k', 'M', 'G', 'T', 'P', 'E'])
}

/**
 * Number of bytes in units of 1024: `1.2M` is 1.2 MiB; K, M, G, T, P and E stand for KiB, MiB, ... as in htop, df
 * and free.
 */
export function formatBytes(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value < 1024) return small(value)
  return scaled(value, 1024, ['K', 'M', 'G', 'T', 'P', 'E'])
}

/** A duration given in nanoseconds: `512ns`, `1.2µs`, `3.4ms`, `1.2s`, then as in `formatSeconds`. */
export function formatNanoseconds(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value < 999.5) return `${small(value)}ns`
  if (value < 999.5e3) return `${threeDigits(value / 1e3)}µs`
  if (value < 999.5e6) return `${threeDigits(value / 1e6)}ms`
  if (value < 59.95e9) return `${threeDigits(value / 1e9)}s`
  return formatSeconds(value / 1e9)
}

/** A duration given in seconds, in whole units, cut and not rounded, as ages are: `70ms`, `5s`, `3m12s`, `2h05m`, `3d04h`. */
export function formatSeconds(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value > 0 && value < 1) return value < 0.001 ? '<1ms' : `${Math.floor(value * 1000)}ms`
  const seconds = Math.floor(Math.max(0, value))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (minutes === 0) return `${seconds}s`
  if (hours === 0) return `${minutes}m${twoDigits(seconds % 60)}s`
  if (days === 0) return `${hours}h${twoDigits(minutes % 60)}m`
  return days < 100 ? `${days}d${twoDigits(hours % 24)}h` : `${days}d`
}

/** A part of 1 as percentage: `0`, `0.04%`, `1.5%`, `100%`. */
export function formatShare(value: number): string {
  if (!Number.isFinite(value)) return '-'
  return value === 0 ? '0' : `${small(value * 100)}%`
}

/** Below the first prefix: whole where it is whole or large, and never rounded to 0 where it is not 0. */
function small(value: number): string {
  if (value === 0) return '0'
  if (value >= 99.95 || Number.isInteger(value)) return String(Math.round(value))
  if (value >= 0.095) return trimmed(value, 1)
  return value >= 0.005 ? trimmed(value, 2) : '<0.01'
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.0+$/, '')
}

function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let rest = value
  let prefix = ''
  for (const next of prefixes) {
    // 999.5 k would be written as 1000k: what rounds up to the base belongs to the next prefix.
    if (prefix !== '' && rest < base - 0.5) break
    rest /= base
    prefix = next
  }
  return `${threeDigits(rest)}${prefix}`
}

/** One digit after the point below 100, none from there on. */
function threeDigits(value: number): string {
  return value < 99.95 ? value.toFixed(1) : String(Math.round(value))
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
