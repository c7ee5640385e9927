/**
 * Requests of which the collector took only a part. The SDK tells that by a warning in its log alone, just before it
 * says that the request arrived.
 */

import { oneLine } from '../text/line.ts'
import type { RequestEnd } from './status.ts'

export interface PartialSuccess {
  /** Points or spans that the collector says it did not take, from 1 on: any number, since it comes from outside. */
  readonly rejected: number
  readonly message: string
}

const WARNING = 'Received Partial Success response:'

const told = new Map<RequestEnd['signal'], PartialSuccess>()

/** True if that is what the SDK says in these words. */
export function hearPartialSuccess([warning, response]: readonly unknown[]): boolean {
  if (warning !== WARNING || typeof response !== 'string') return false
  const { rejectedDataPoints, rejectedSpans, errorMessage }: Readonly<Record<string, unknown>> = JSON.parse(response)
  const rejected = Number(rejectedDataPoints ?? rejectedSpans ?? 0)
  // the collector took all and only has something to say
  if (!(rejected > 0)) return false
  const message = typeof errorMessage === 'string' ? oneLine(errorMessage) : ''
  told.set(rejectedSpans === undefined ? 'metrics' : 'traces', { rejected, message })
  return true
}

/** What was said of the request that ended just now. */
export function takePartialSuccess(signal: RequestEnd['signal']): PartialSuccess | null {
  const partial = told.get(signal) ?? null
  told.delete(signal)
  return partial
}
