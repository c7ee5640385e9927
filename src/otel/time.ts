import type { HrTime } from '@opentelemetry/api'

/** A moment of the export, on a clock that runs on evenly: whoever sets Unix time does not move it. */
export interface Moment {
  /** Milliseconds: Unix time as it was before it was set. */
  readonly ms: number
  /**
   * By how much Unix time was set forward until then. What is exported follows it, but not where the clock is set back: the
   * times of a series never go back.
   */
  readonly setMs: number
}

/** As it is exported. */
export function exported({ ms, setMs }: Moment): HrTime {
  return hrTime(ms + setMs)
}

/** Unix time in milliseconds, fractions allowed, as OpenTelemetry's seconds and nanoseconds. */
export function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000)
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)]
}
