/** Sends requests of one kind, tells how each ended, and finds its way back to a collector that was away. */

import { status as grpcStatus } from '@grpc/grpc-js'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { oneLine } from '../text/line.ts'
import { takePartialSuccess } from './partial.ts'
import { type Connection, exporterConfig, useProxy } from './settings/connection.ts'
import { type HttpProxy, proxyFailure } from './settings/proxy.ts'
import type { RequestEnd } from './status.ts'

/** What the OTLP exporters for metrics and spans have in common. */
interface Exporter<Items> {
  export(items: Items, callback: (result: ExportResult) => void): void
  shutdown(): Promise<void>
}

export interface SenderSettings<Items> {
  readonly signal: RequestEnd['signal']
  readonly connection: Connection
  readonly timeoutMs: number
  make(config: ReturnType<typeof exporterConfig>): Exporter<Items>
  /** Points or spans in a request. */
  size(items: Items): number
  onEnd(end: RequestEnd): void
}

/** All of it arrived; the collector took it, but not all that was in it; or nothing can be known to have arrived. */
export type Arrival = 'whole' | 'partial' | 'failed'

/** Those that say something about the connection and not about the request. */
const DISCONNECTED = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED'])

export class Sender<Items> {
  readonly #settings: SenderSettings<Items>
  #exporter: Exporter<Items> | null = null

  constructor(settings: SenderSettings<Items>) {
    this.#settings = settings
  }

  /** Never rejects. */
  async send(items: Items): Promise<Arrival> {
    const { signal, connection, size, onEnd } = this.#settings
    const { code, error } = await this.#export(items)
    if (code === ExportResultCode.SUCCESS) {
      const partial = takePartialSuccess(signal)
      const rejected = Math.min(partial?.rejected ?? 0, size(items))
      onEnd({ signal, status: rejected > 0 ? 'PARTIAL_SUCCESS' : 'OK', message: partial?.message ?? '', rejected })
      return rejected > 0 ? 'partial' : 'whole'
    }
    const { status, message } = reasonOf(error)
    // gRPC waits ever longer before it tries again, up to two minutes; a new connection is tried with the next request
    if (DISCONNECTED.has(status)) this.close()
    onEnd({
      signal,
      status,
      message: connection.proxy === null ? withRemedy(message) : through(connection.proxy, message),
      rejected: 0,
    })
    return 'failed'
  }

  close(): void {
    const exporter = this.#exporter
    this.#exporter = null
    exporter?.shutdown().catch(() => {})
  }

  #export(items: Items): Promise<ExportResult> {
    const { connection, timeoutMs, make } = this.#settings
    return new Promise<ExportResult>(resolve => {
      // here, for the client is made with the first request
      useProxy(connection)
      this.#exporter ??= make(exporterConfig(connection, timeoutMs))
      this.#exporter.export(items, resolve)
    }).catch((error: unknown) => ({
      code: ExportResultCode.FAILED,
      error: error instanceof Error ? error : new Error(String(error)),
    }))
  }
}

/** Only a Unix socket is closed to somebody: started as root, this is another user by now. */
function withRemedy(message: string): string {
  return message.includes('connect EACCES')
    ? `${message} (open it to the user that this runs as, or --keep-root)`
    : message
}

/** The reason with the proxy that it may lie at. */
function through({ shown }: HttpProxy, message: string): string {
  // gRPC writes this where it has no reason
  return `through the proxy ${shown}: ${message === 'undefined' ? proxyFailure() || 'no connection' : message}`
}

/** What gRPC says where it could not connect, with the reason inside. */
const NO_CONNECTION = /Last error: (?:Error: )?(.+?)\. Resolution note/

/** gRPC's errors carry the number of their status and details without it. */
function reasonOf(error: Error | undefined): Pick<RequestEnd, 'status' | 'message'> {
  if (error === undefined) return { status: 'UNKNOWN', message: '' }
  const code = 'code' in error && typeof error.code === 'number' ? error.code : grpcStatus.UNKNOWN
  const details = 'details' in error && typeof error.details === 'string' ? error.details : error.message
  // what the collector writes, or whoever answers in its place
  return { status: grpcStatus[code] ?? 'UNKNOWN', message: oneLine(NO_CONNECTION.exec(details)?.[1] ?? details) }
}
