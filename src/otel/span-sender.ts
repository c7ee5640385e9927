/** Spans on their way to the collector: so many a second at most, and so many waiting at most; the rest is counted. */

import { SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import type { Resource } from '@opentelemetry/resources'
import { RandomIdGenerator, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { ATTRIBUTES } from '../tracers/attributes.ts'
import { SCOPE } from './metrics/producer.ts'
import type { SeriesGroup } from './metrics/series.ts'
import { Sender } from './sender.ts'
import type { Connection } from './settings/connection.ts'
import type { SpanEvent, SpanMaker } from './spans.ts'
import type { RequestEnd } from './status.ts'
import { hrTime } from './time.ts'

/** Spans a second, on average; and how many at once after a quiet time. */
const RATE = 100
const BURST = 1000

const SPANS_WAITING = 4096
const SPANS_PER_REQUEST = 512

/** Time between requests, in milliseconds; a full request does not wait. */
const DELAY_MS = 2000

type DropReason = 'kernel' | 'rate_limit' | 'queue_full' | 'export_failed' | 'rejected'

export interface SpanSettings {
  readonly connection: Connection
  readonly timeoutMs: number
  onEnd(end: RequestEnd): void
}

export class SpanSender {
  readonly #sender: Sender<ReadableSpan[]>
  readonly #resource: Resource
  readonly #counters: SeriesGroup
  readonly #ids = new RandomIdGenerator()
  readonly #timer: NodeJS.Timeout
  #waiting: ReadableSpan[] = []
  #allowed = BURST
  #allowedAtMs = performance.now()
  #sending: Promise<void> | null = null

  /** `counters` gets what was dropped. */
  constructor(settings: SpanSettings, resource: Resource, counters: SeriesGroup) {
    this.#sender = new Sender({
      ...settings,
      signal: 'traces',
      make: config => new OTLPTraceExporter(config),
      size: spans => spans.length,
      onEnd: end => {
        this.#drop('rejected', end.rejected)
        settings.onEnd(end)
      },
    })
    this.#resource = resource
    this.#counters = counters
    this.#timer = setInterval(() => this.#flush(), DELAY_MS).unref()
  }

  /** `lost`: events for which the kernel side had no room. */
  add(events: readonly SpanMaker[], lost: number): void {
    this.#drop('kernel', lost)
    const allowed = events.slice(0, this.#takeAllowance(events.length))
    this.#drop('rate_limit', events.length - allowed.length)
    const room = allowed.slice(0, SPANS_WAITING - this.#waiting.length)
    this.#drop('queue_full', allowed.length - room.length)
    for (const make of room) this.#waiting.push(this.#span(make()))
    if (this.#waiting.length >= SPANS_PER_REQUEST) this.#flush()
  }

  /** Sends what waits. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sending
    await this.#flush()
    this.#sender.close()
  }

  /** How many of so many may go: a bucket of tokens that fills with RATE. */
  #takeAllowance(wanted: number): number {
    const now = performance.now()
    this.#allowed = Math.min(BURST, this.#allowed + ((now - this.#allowedAtMs) / 1000) * RATE)
    this.#allowedAtMs = now
    const taken = Math.min(wanted, Math.floor(this.#allowed))
    this.#allowed -= taken
    return taken
  }

  #flush(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null
    })
    return this.#sending
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, SPANS_PER_REQUEST)
      if ((await this.#sender.send(spans)) !== 'failed') continue
      // it may have arrived all the same: a span must not be there twice
      this.#drop('export_failed', spans.length)
      return
    }
  }

  #drop(reason: DropReason, count: number): void {
    this.#counters.add('ebpf_top.span.dropped', count, reason, () => ({ [ATTRIBUTES.reason]: reason }))
  }

  #span({ name, kind, startMs, durationMs, attributes, error }: SpanEvent): ReadableSpan {
    const context = {
      traceId: this.#ids.generateTraceId(),
      spanId: this.#ids.generateSpanId(),
      traceFlags: TraceFlags.SAMPLED,
    }
    return {
      name,
      kind,
      spanContext: () => context,
      startTime: hrTime(startMs),
      endTime: hrTime(startMs + durationMs),
      duration: hrTime(durationMs),
      status: error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
      attributes,
      links: [],
      events: [],
      ended: true,
      resource: this.#resource,
      instrumentationScope: SCOPE,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }
}
