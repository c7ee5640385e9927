/** How each signal gets to its collector, as the command line and the environment say it. */

import type { ChannelCredentials, Metadata } from '@grpc/grpc-js'
import { type CertificateFiles, certificateFiles, credentials } from './credentials.ts'
import { DEFAULT_ENDPOINT, type Endpoint, parseEndpoint, type Source } from './endpoint.ts'
import { parseHeaders } from './headers.ts'
import { findProxy, type HttpProxy, PROXY_VARIABLES } from './proxy.ts'
import { choice, type Environment, type Signal, variable } from './variables.ts'

export interface Connection {
  readonly signal: Signal
  readonly endpoint: Endpoint
  /** The variable or flag that it stands in; empty: in none. */
  readonly endpointFrom: string
  readonly headers: Metadata
  readonly compression: 'none' | 'gzip'
  readonly proxy: HttpProxy | null
  readonly files: CertificateFiles
}

/**
 * Only what counts for this signal is looked at: a general variable that is overruled may be for other programs.
 * @throws UserError with status 2, which names the variable, for what could not be used as it stands
 */
export function readConnection(
  signal: Signal,
  options: { readonly endpoint: string | null },
  environment: Environment,
): Connection {
  const of = (kind: string): Source => variable(environment, signal, kind) ?? { name: '', text: '' }
  choice(of('PROTOCOL'), ['grpc'])
  const insecure = choice(of('INSECURE'), ['true', 'false']) === 'true'
  const given = options.endpoint === null ? null : { name: '--endpoint', text: options.endpoint.trim() }
  const source = given ?? variable(environment, signal, 'ENDPOINT') ?? DEFAULT_ENDPOINT
  const endpoint = parseEndpoint(source, insecure)
  const headers = (name: string): Source => ({ name, text: environment[name] ?? '' })
  return {
    signal,
    endpoint,
    endpointFrom: source.name,
    headers: parseHeaders(headers('OTEL_EXPORTER_OTLP_HEADERS'), headers(`OTEL_EXPORTER_OTLP_${signal}_HEADERS`)),
    compression: choice(of('COMPRESSION'), ['none', 'gzip']) ?? 'none',
    proxy: findProxy(endpoint, environment),
    files: certificateFiles(environment, signal),
  }
}

/**
 * The SDK and gRPC would read the environment in their own way and pass over in silence what they do not understand:
 * from now on they find there only what was understood here.
 */
export function settleEnvironment(connections: readonly Connection[]): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_EXPORTER_OTLP_')) delete process.env[name]
  for (const name of PROXY_VARIABLES) delete process.env[name]
  for (const { signal, compression } of connections)
    process.env[`OTEL_EXPORTER_OTLP_${signal}_COMPRESSION`] = compression
}

/** gRPC looks for a proxy in the environment when it makes a client, and nowhere else. */
export function useProxy({ proxy }: Connection): void {
  if (proxy === null) delete process.env.grpc_proxy
  else process.env.grpc_proxy = proxy.url
}

interface ExporterConfig {
  readonly url: string
  readonly metadata: Metadata
  readonly credentials: ChannelCredentials
  readonly timeoutMillis: number
}

/**
 * What an OTLP exporter is told. The files of certificates are read anew.
 * @throws where they are no longer there or no certificates
 */
export function exporterConfig({ endpoint, headers, files }: Connection, timeoutMillis: number): ExporterConfig {
  return { url: endpoint.address, metadata: headers, credentials: credentials(endpoint, files), timeoutMillis }
}
