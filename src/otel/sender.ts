/** Sends requests of one kind, tells how each ended, and finds its way back to a collector that was away. */

import { status as grpcStatus } from '@grpc/grpc-js'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { oneLine } from '../table/line.ts'
import type { RequestEnd } from './status.ts'

/** What the OTLP exporters for metrics and spans have in common. */
interface Exporter<Items> {
  export(items: Items, callback: (result: ExportResult) => void): void
  shutdown(): Promise<void>
}

/** Those that say something about the connection and not about the request. */
const DISCONNECTED = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED'])

export class Sender<Items> {
  readonly #signal: RequestEnd['signal']
  readonly #connect: () => Exporter<Items>
  readonly #onEnd: (end: RequestEnd) => void
  #exporter: Exporter<Items> | null = null

  constructor(signal: RequestEnd['signal'], connect: () => Exporter<Items>, onEnd: (end: RequestEnd) => void) {
    this.#signal = signal
    this.#connect = connect
    this.#onEnd = onEnd
  }

  /** True if it arrived. Never rejects. */
  async send(items: Items): Promise<boolean> {
    this.#exporter ??= this.#connect()
    const exporter = this.#exporter
    const { code, error } = await new Promise<ExportResult>(resolve => exporter.export(items, resolve))
    if (code === ExportResultCode.SUCCESS) {
      this.#onEnd({ signal: this.#signal, status: 'OK', message: '' })
      return true
    }
    const end = { signal: this.#signal, ...reasonOf(error) }
    // gRPC waits ever longer before it tries again, up to two minutes; a new connection is tried with the next request
    if (DISCONNECTED.has(end.status)) this.close()
    this.#onEnd(end)
    return false
  }

  close(): void {
    const exporter = this.#exporter
    this.#exporter = null
    exporter?.shutdown().catch(() => {})
  }
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
