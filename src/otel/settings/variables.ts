/** OTEL_* variables: which one counts, and those with a syntax of their own. */

import { usageError } from '../../errors.ts'
import type { Source } from './endpoint.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type Signal = 'METRICS' | 'TRACES'

/** A variable that exists for one signal, which comes first, and for all. */
export function variable(environment: Environment, signal: Signal, kind: string): Source | null {
  for (const name of [`OTEL_EXPORTER_OTLP_${signal}_${kind}`, `OTEL_EXPORTER_OTLP_${kind}`]) {
    const text = environment[name]?.trim() ?? ''
    if (text !== '') return { name, text }
  }
  return null
}

/**
 * The word that was chosen, in lower case; null where none was.
 * @throws UserError with status 2 for any other
 */
export function choice<T extends string>({ name, text }: Source, allowed: readonly T[]): T | null {
  if (text.trim() === '') return null
  const found = allowed.find(value => value === text.trim().toLowerCase())
  if (found !== undefined) return found
  const remedy = allowed.length === 1 ? `only ${allowed[0]} is supported` : `write one of ${allowed.join(', ')}`
  throw usageError(`${name}: unknown value "${text}"`, `${remedy}, or unset it`)
}

export function checkResourceAttributes(environment: Environment): void {
  for (const pair of (environment.OTEL_RESOURCE_ATTRIBUTES ?? '').split(',')) {
    if (pair.trim() === '') continue
    const [key = '', value, ...rest] = pair.split('=')
    const usable = key.trim() !== '' && value !== undefined && rest.length === 0
    if (usable && isShort(decoded(key)) && isShort(decoded(value))) continue
    throw usageError(
      `OTEL_RESOURCE_ATTRIBUTES: "${pair.trim()}" is not of the form key=value`,
      'separate them by commas, percent-encode "," and "=" inside of them, and keep each below 256 characters',
    )
  }
}

/** Limit of the SDK, which would leave out all attributes. */
function isShort(text: string | null): boolean {
  return text !== null && text.length <= 255
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    return null
  }
}
