/** Collectors of metrics that fail on purpose, and the process that exports to them. */

import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import { Child } from './child.ts'

/** What an export took. */
export interface Exported {
  /** For how long the event loop was blocked at a time, at most. */
  readonly blockedMilliseconds: number
  /** User and system time of the whole process, counting a sample among it. */
  readonly cpuMilliseconds: number
  readonly state: string
}

export interface Receiver {
  readonly port: number
  close(): void
}

/** Exports in a process of its own, `count` times, after some that do not count. */
export async function exportTo(port: number, count: number): Promise<Exported[]> {
  const warmUp = 5
  const child = new Child(
    [process.execPath, join(import.meta.dirname, 'programs/exporter.ts'), String(warmUp + count)],
    {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    },
  )
  try {
    const all: Exported[] = []
    for (let i = 0; i < warmUp + count; i++) all.push(JSON.parse(await child.line()))
    return all.slice(warmUp)
  } finally {
    await child.stop('SIGTERM')
  }
}

const asIs = (value: Buffer): Buffer => value

/** Answers each export with `code`, after so many milliseconds. */
export async function answering(code: status, delayMs = 0): Promise<Receiver> {
  const server = new Server()
  const types = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs }
  const path = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
  server.addService(
    { export: { path, requestStream: false, responseStream: false, ...types } },
    {
      export: (_: unknown, callback: (error: object | null, answer?: Buffer) => void) => {
        setTimeout(() => callback(code === status.OK ? null : { code, details: 'busy' }, Buffer.alloc(0)), delayMs)
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { port, close: () => server.forceShutdown() }
}

/** Takes connections and says nothing. */
export async function hanging(): Promise<Receiver> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => sockets.add(socket.on('error', () => {})))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Is not there. */
export async function absent(): Promise<Receiver> {
  const { port, close } = await hanging()
  close()
  return { port, close: () => {} }
}
