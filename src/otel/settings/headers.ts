/** OTEL_EXPORTER_OTLP_HEADERS: every header is sent as it was meant, or refused. A header may be a secret: none is shown. */

import { Metadata } from '@grpc/grpc-js'
import { usageError } from '../../errors.ts'
import type { Source } from './endpoint.ts'

/** What gRPC takes as a key, and as a value where the key does not end in -bin. */
const KEY = /^[0-9a-z_.-]+$/
const VALUE = /^[ -~]*$/
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/

/** Those that HTTP/2 or gRPC keeps for itself: it sends its own in place of them, or none, or no request at all. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  '__proto__',
])

type Headers = ReadonlyMap<string, string | Buffer>

/**
 * Of `common`, for all signals, and `own`, for this one, which stands above it.
 * @throws UserError with status 2 for an entry that would not arrive as it stands
 */
export function parseHeaders(common: Source, own: Source): Metadata {
  const metadata = new Metadata()
  for (const [key, value] of new Map([...entries(common), ...entries(own)])) metadata.set(key, value)
  return metadata
}

function entries({ name, text }: Source): Headers {
  const found = new Map<string, string | Buffer>()
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue
    const end = pair.indexOf('=')
    const key = pair.slice(0, Math.max(0, end)).trim().toLowerCase()
    const value = headerValue(key, pair.slice(end + 1))
    if (typeof value === 'object' && 'wrong' in value) {
      throw usageError(`${name}: ${value.wrong}`, `write ${name}=key=value,key=value, ${value.remedy}`)
    }
    if (found.has(key)) throw usageError(`${name}: "${key}" is given twice`, 'give each header once')
    found.set(key, value)
  }
  return found
}

interface Wrong {
  readonly wrong: string
  readonly remedy: string
}

const ENCODING = 'with percent-encoding for "," and "%"'

function headerValue(key: string, text: string): string | Buffer | Wrong {
  if (key === '') return { wrong: 'an entry is not of the form key=value', remedy: ENCODING }
  if (!KEY.test(key))
    return { wrong: `"${key}" is not a valid header name`, remedy: 'keys of letters, digits, "-", "_" and "."' }
  if (RESERVED.has(key) || key.startsWith('grpc-')) {
    return { wrong: `"${key}" is set by gRPC itself`, remedy: 'without that one' }
  }
  const value = decoded(text)
  if (value === null) return { wrong: `the value of "${key}" has a "%" without two digits`, remedy: ENCODING }
  if (key.endsWith('-bin')) {
    const bytes = value.replaceAll('-', '+').replaceAll('_', '/')
    if (BASE64.test(bytes)) return Buffer.from(bytes, 'base64')
    return { wrong: `the value of "${key}" is not base64`, remedy: 'in base64 where the key ends in -bin' }
  }
  if (VALUE.test(value) && value.trim() === value) return value
  return {
    wrong: `the value of "${key}" contains characters that no header may have`,
    remedy: 'in plain ASCII, or in base64 with a key that ends in -bin',
  }
}

/** Null where the percent-encoding is wrong. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    return null
  }
}
