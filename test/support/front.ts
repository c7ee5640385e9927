import { Client, credentials, type Metadata, Server, ServerCredentials, type status } from '@grpc/grpc-js'
import type { Collector } from './collector.ts'

const SERVICES = {
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
} as const

export type Signal = keyof typeof SERVICES

/** What a request comes to. A partial success reaches the collector like one that is taken. */
export interface Answer {
  readonly status?: status
  readonly details?: string
  /** Points or spans of a partial success. */
  readonly rejected?: number
  readonly message?: string
}

export const TAKEN: Answer = {}

interface Received {
  readonly signal: Signal
  readonly metadata: Metadata
  readonly answer: Answer
}

const asIs = (value: Buffer): Buffer => value

/** Stands before a collector, which gets only what is taken, and answers as it is told. */
export class Front {
  readonly received: Received[] = []
  readonly #server = new Server({ 'grpc.max_receive_message_length': 64 << 20 })
  readonly #client: Client | null
  readonly #answer: (signal: Signal, index: number) => Answer

  private constructor(collector: Collector | null, answer: (signal: Signal, index: number) => Answer) {
    this.#answer = answer
    this.#client =
      collector === null ? null : new Client(`127.0.0.1:${collector.port}`, credentials.createInsecure(), NO_PROXY)
  }

  /** At these addresses, as gRPC writes them. `answer` is asked with the number of requests before. */
  static async start(
    addresses: readonly string[],
    answer: (signal: Signal, index: number) => Answer = () => TAKEN,
    collector: Collector | null = null,
  ): Promise<Front> {
    const front = new Front(collector, answer)
    for (const [signal, path] of [
      ['metrics', SERVICES.metrics],
      ['traces', SERVICES.traces],
    ] as const) {
      front.#server.addService(
        {
          export: {
            path,
            requestStream: false,
            responseStream: false,
            requestSerialize: asIs,
            requestDeserialize: asIs,
            responseSerialize: asIs,
            responseDeserialize: asIs,
          },
        },
        {
          export: (
            call: { request: Buffer; metadata: Metadata },
            callback: (error: object | null, answer?: Buffer) => void,
          ) => front.#take(signal, path, call, callback),
        },
      )
    }
    for (const address of addresses) {
      await new Promise<void>((resolve, reject) => {
        front.#server.bindAsync(address, ServerCredentials.createInsecure(), error =>
          error ? reject(error) : resolve(),
        )
      })
    }
    return front
  }

  stop(): void {
    this.#server.forceShutdown()
    this.#client?.close()
  }

  #take(
    signal: Signal,
    path: string,
    { request, metadata }: { request: Buffer; metadata: Metadata },
    callback: (error: object | null, answer?: Buffer) => void,
  ): void {
    const answer = this.#answer(signal, this.received.length)
    this.received.push({ signal, metadata, answer })
    const reply = (): void => callback(null, partialSuccess(answer))
    if (answer.status !== undefined) callback({ code: answer.status, details: answer.details ?? 'refused' })
    else if (this.#client === null) reply()
    else this.#client.makeUnaryRequest(path, asIs, asIs, request, reply)
  }
}

const NO_PROXY = { 'grpc.enable_http_proxy': 0 }

/** ExportMetricsServiceResponse or ExportTraceServiceResponse. */
function partialSuccess({ rejected, message = '' }: Answer): Buffer {
  if (rejected === undefined) return Buffer.alloc(0)
  const text = Buffer.from(message)
  const partial = Buffer.concat([Buffer.from([0x08, ...varint(rejected), 0x12, ...varint(text.length)]), text])
  return Buffer.concat([Buffer.from([0x0a, ...varint(partial.length)]), partial])
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
}
