/** The exporter: metrics in the background at their own interval, and spans where they are asked for. */

import { ExportResultCode } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc'
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import type { FreshSample } from '../sample/sample.ts'
import type { Sink } from '../session.ts'
import { ATTRIBUTES } from '../tracers/attributes.ts'
import { routeLogs } from './log.ts'
import { Accumulator } from './metrics/accumulate.ts'
import { Producer } from './metrics/producer.ts'
import { Turns } from './metrics/turns.ts'
import { Sender } from './sender.ts'
import { type Connection, settleEnvironment } from './settings/connection.ts'
import { exportResource } from './settings/resource.ts'
import type { ExportSettings } from './settings/settings.ts'
import { SpanSender } from './span-sender.ts'
import { connectionSpans, slowCallSpans } from './spans.ts'
import { ExportStatus, type RequestEnd } from './status.ts'

/**
 * Writing one request cannot be laid aside: so many points take some milliseconds. With at most 1 kB for each, requests
 * stay far below the 4 MiB that collectors take.
 */
const POINTS_PER_REQUEST = 1000

/** What the end may take in milliseconds, whatever the collector does: where it took the request before, and else. */
const CLOSE_MS = 800
const CLOSE_UNANSWERED_MS = 500

/** Nothing comes after the last request: where it is refused, it is made anew after so many milliseconds, so often at most. */
const RETRY_MS = 50
const LAST_TRIES = 5

export interface Exporter extends Sink {
  readonly status: ExportStatus
  /** Resolves when the sample is counted, which waits for no collector. */
  take(sample: FreshSample): Promise<void>
  /** Sends what is left, for as long as CLOSE_MS, and says so where that did not arrive; never rejects. */
  close(): Promise<void>
}

/** `log` gets one line for each change of the state, and what the SDK has to say. */
export function startExporter(settings: ExportSettings, log: (line: string) => void): Exporter {
  const { metrics, traces } = settings
  const status = new ExportStatus(settings.disabled, metrics.endpoint.shown, log)
  if (settings.disabled) return { status, take: async () => {}, fail: () => {}, close: async () => {} }
  routeLogs(settings.logLevel, log)
  settleEnvironment([metrics, ...(traces === null ? [] : [traces])])
  log(`export to ${wayTo(metrics)} every ${settings.intervalMs / 1000} s`)
  if (traces !== null && wayTo(traces) !== wayTo(metrics)) log(`spans go to ${wayTo(traces)}`)
  return new OtlpExporter(settings, status, log)
}

function wayTo({ endpoint, proxy }: Connection): string {
  const secured = endpoint.tls ? ' by TLS' : ''
  return `${endpoint.shown}${secured}${proxy === null ? '' : ` through the proxy ${proxy.shown} (${proxy.name})`}`
}

class OtlpExporter implements Exporter {
  readonly status: ExportStatus
  readonly #accumulator: Accumulator
  readonly #turns = new Turns()
  readonly #sender: Sender<ResourceMetrics>
  readonly #spans: SpanSender | null
  readonly #requests: RequestQueue
  readonly #provider: MeterProvider
  readonly #log: (line: string) => void

  constructor(settings: ExportSettings, status: ExportStatus, log: (line: string) => void) {
    this.status = status
    this.#log = log
    const resource = exportResource()
    const onEnd = (end: RequestEnd): void => this.#requestEnded(end)
    const { timeoutMs, traces } = settings
    this.#accumulator = new Accumulator(settings, Date.now())
    const { own } = this.#accumulator
    this.#sender = new Sender({
      signal: 'metrics',
      connection: settings.metrics,
      timeoutMs,
      make: config => new OTLPMetricExporter(config),
      size: pointsIn,
      onEnd,
    })
    this.#spans = traces === null ? null : new SpanSender({ connection: traces, timeoutMs, onEnd }, resource, own)
    const producer = new Producer(this.#accumulator, this.#turns, settings)
    this.#requests = new RequestQueue(this.#sender, producer)
    this.#provider = new MeterProvider({
      resource,
      readers: [
        new PeriodicExportingMetricReader({
          exporter: this.#requests,
          metricProducers: [producer],
          exportIntervalMillis: settings.intervalMs,
          exportTimeoutMillis: settings.intervalMs,
          maxExportBatchSize: POINTS_PER_REQUEST,
        }),
      ],
    })
  }

  async take(sample: FreshSample): Promise<void> {
    this.status.setFiltered(sample.filter.pids)
    this.#spans?.add([...connectionSpans(sample), ...slowCallSpans(sample)], sample.lost.slow_calls)
    await this.#turns.do(() => this.#accumulator.take(sample))
  }

  /** What was measured until then is sent when it is closed. */
  fail(): void {}

  async close(): Promise<void> {
    const patience = this.status.state === 'ok' ? CLOSE_MS : CLOSE_UNANSWERED_MS
    const late = new Promise(resolve => setTimeout(resolve, patience, 'late'))
    const ended = Promise.allSettled([this.#flush(), this.#spans?.close()])
    const isLate = (await Promise.race([ended, late])) === 'late'
    if (isLate || !this.#requests.arrived) this.#log('the last measurements did not arrive')
    this.#requests.close()
    this.#sender.close()
    await this.#provider.shutdown()
  }

  async #flush(): Promise<void> {
    for (let tries = 1; tries <= LAST_TRIES; tries++) {
      // a collection that found another one under way would be passed over
      await this.#requests.forceFlush()
      await this.#provider.forceFlush()
      if (this.#requests.arrived) return
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }

  #requestEnded(end: RequestEnd): void {
    this.status.update(end)
    if (end.status === 'OK') return
    const { signal, status, rejected } = end
    const { own } = this.#accumulator
    own.add('ebpf_top.export.failures', 1, `${signal} ${status}`, () => ({
      [ATTRIBUTES.signal]: signal,
      [ATTRIBUTES.errorType]: status,
    }))
    if (signal === 'metrics') own.add('ebpf_top.export.rejected', rejected)
  }
}

function pointsIn({ scopeMetrics }: ResourceMetrics): number {
  return scopeMetrics.flatMap(({ metrics }) => metrics).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0)
}

/**
 * The SDK's side of the sender: takes requests and sends them one after the other, so that the SDK never waits. While
 * those of one collection are under way, later ones are passed over: what they held stays with the producer.
 */
class RequestQueue implements PushMetricExporter {
  readonly #sender: Sender<ResourceMetrics>
  readonly #producer: Producer
  #sending: Promise<void> = Promise.resolve()
  #waiting = 0
  #round = 0
  #failed = -1
  #closed = false

  constructor(sender: Sender<ResourceMetrics>, producer: Producer) {
    this.#sender = sender
    this.#producer = producer
  }

  export(metrics: ResourceMetrics, callback: Parameters<PushMetricExporter['export']>[1]): void {
    callback({ code: ExportResultCode.SUCCESS })
    const round = this.#producer.rounds
    if (this.#closed) return
    if (this.#waiting > 0 && round !== this.#round) return
    this.#round = round
    this.#waiting++
    this.#sending = this.#sending.then(() => this.#send(metrics, round))
  }

  /** All of the last collection did, but for what was rejected; or it is too late to try again. */
  get arrived(): boolean {
    return this.#closed || this.#round !== this.#failed
  }

  /** Whatever comes from now on is not sent. */
  close(): void {
    this.#closed = true
  }

  /** Waits for the requests that are under way; for none once it is closed, as the collector may not answer. */
  forceFlush(): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#sending
  }

  async shutdown(): Promise<void> {}

  async #send(metrics: ResourceMetrics, round: number): Promise<void> {
    // where one request of a collection fails, the rest of it would too
    if (round !== this.#failed) {
      const arrival = await this.#sender.send(metrics)
      if (arrival === 'failed') this.#failed = round
      else this.#producer.arrived(metrics, round, arrival)
    }
    this.#waiting--
  }
}
