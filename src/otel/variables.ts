/** OTEL_* variables with a syntax of their own. A header may be a secret: none is ever shown. */

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { usageError } from '../cli/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that exists for one signal, which comes first, and for all. */
export function variable(
  environment: Environment,
  signal: string,
  kind: string,
): { readonly name: string; readonly text: string } | null {
  for (const name of [`OTEL_EXPORTER_OTLP_${signal}_${kind}`, `OTEL_EXPORTER_OTLP_${kind}`]) {
    const text = environment[name]?.trim() ?? ''
    if (text !== '') return { name, text }
  }
  return null
}

const SCHEMES = ['http:', 'https:', 'unix:']

/** http, https, unix, or a host and port without a scheme, which is then TLS as OTEL_EXPORTER_OTLP_INSECURE says. */
export function checkEndpoint(environment: Environment, name: string): void {
  const text = environment[name]?.trim() ?? ''
  if (text === '') return
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `https://${text}`)
  if (url !== null && SCHEMES.includes(url.protocol) && (url.protocol === 'unix:' || url.hostname !== '')) return
  throw usageError(`${name}: "${text}" is not an endpoint for gRPC`, `write for example ${name}=http://localhost:4317`)
}

/** What gRPC takes as a key, and as a value where the key does not end in -bin. */
const HEADER_KEY = /^[0-9a-z_.-]+$/i
const HEADER_VALUE = /^[ -~]*$/

export function checkHeaders(environment: Environment, name: string): void {
  for (const pair of (environment[name] ?? '').split(',')) {
    if (pair.trim() === '') continue
    const end = pair.indexOf('=')
    const key = pair.slice(0, Math.max(0, end)).trim()
    if (HEADER_KEY.test(key) && HEADER_VALUE.test(decoded(pair.slice(end + 1)) ?? '\0')) continue
    throw usageError(
      `${name}: ${key === '' ? 'an entry is not of the form key=value' : `the entry "${key}" is no header of gRPC`}`,
      `write ${name}=key=value,key=value, with percent-encoding for what is not plain ASCII`,
    )
  }
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

/** A file that a variable names. */
interface Certificate {
  readonly name: string
  readonly text: Buffer
}

/** @throws UserError for a file that cannot be read */
export function certificates(
  environment: Environment,
  signal: string,
): Record<'ca' | 'cert' | 'key', Certificate | null> {
  return {
    ca: readCertificate(environment, signal, 'CERTIFICATE'),
    cert: readCertificate(environment, signal, 'CLIENT_CERTIFICATE'),
    key: readCertificate(environment, signal, 'CLIENT_KEY'),
  }
}

/** The files are there, belong together and are certificates; what they are worth only the collector knows. */
export function checkCertificates(environment: Environment, signal: string): void {
  const { ca, cert, key } = certificates(environment, signal)
  if ((cert === null) !== (key === null)) {
    const [there, missing] = cert === null ? [key, 'CLIENT_CERTIFICATE'] : [cert, 'CLIENT_KEY']
    throw usageError(
      `${there?.name}: a client certificate and its key are only of use together`,
      `set ${there?.name.replace(/CLIENT_\w+$/, missing)} as well`,
    )
  }
  for (const found of [ca, cert]) if (found !== null) refuseUnusable([found], () => new X509Certificate(found.text))
  if (cert !== null && key !== null) {
    refuseUnusable([cert, key], () => createSecureContext({ cert: cert.text, key: key.text }))
  }
}

function refuseUnusable(files: readonly Certificate[], attempt: () => unknown): void {
  try {
    attempt()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const names = files.map(({ name }) => name).join(' and ')
    throw usageError(`${names}: not usable for TLS (${reason})`, 'give the path of a file in PEM form')
  }
}

function readCertificate(environment: Environment, signal: string, kind: string): Certificate | null {
  const found = variable(environment, signal, kind)
  if (found === null) return null
  try {
    return { name: found.name, text: readFileSync(found.text) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${found.name}: ${reason}`, 'give the path of a file that can be read')
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    return null
  }
}
