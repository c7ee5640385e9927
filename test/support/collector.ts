import {
  type KeyValue,
  type Metric,
  type MetricsRequest,
  MockOtlpServer,
  type Span,
  type TraceRequest,
} from '@elastic/mockotlpserver'

export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface Histogram {
  readonly count: number
  /** Seconds. */
  readonly sum: number
  readonly max: number | null
  readonly scale: number
  readonly zeroCount: number
  readonly offset: number
  readonly buckets: readonly number[]
  /** Of an explicit histogram; null for an exponential one. */
  readonly bounds: readonly number[] | null
}

/** A data point as it came over the wire. */
export interface Point {
  readonly metric: string
  readonly unit: string
  readonly description: string
  readonly kind: 'counter' | 'level' | 'gauge' | 'histogram'
  readonly temporality: 'cumulative' | 'delta' | null
  readonly attributes: Attributes
  /** Unix time in milliseconds. */
  readonly startMs: number
  readonly endMs: number
  /** The count of a histogram. */
  readonly value: number
  readonly histogram: Histogram | null
}

export interface ReceivedSpan {
  readonly name: string
  readonly kind: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  readonly failed: boolean
}

/** How long to wait for what must come, in milliseconds. */
const PATIENCE = 30_000

/** A collector that is not ours, and all that it received. */
export class Collector {
  readonly port: number
  /** Every data point, request by request. */
  readonly requests: (readonly Point[])[] = []
  readonly spans: ReceivedSpan[] = []
  resource: Attributes = {}
  /** Metadata of the last request, asked for by key. */
  metadata: (key: string) => readonly unknown[] = () => []
  readonly #server: MockOtlpServer
  #open = true
  #waiting: (() => void)[] = []

  private constructor(port: number) {
    this.port = port
    this.#server = new MockOtlpServer({
      logLevel: 'fatal',
      services: ['grpc'],
      grpcHostname: '127.0.0.1',
      grpcPort: port,
      onMetrics: request => this.#takeMetrics(request),
      onTrace: request => this.#takeSpans(request),
      onRequest: ({ metadata }) => {
        if (this.#open) this.metadata = key => metadata.get(key)
      },
    })
  }

  static async start(port: number): Promise<Collector> {
    const collector = new Collector(port)
    await collector.#server.start()
    return collector
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Waits until it has received what makes `done` true. */
  async until(done: () => boolean, what = 'what was expected'): Promise<void> {
    const end = Date.now() + PATIENCE
    while (!done()) {
      const left = end - Date.now()
      if (left <= 0) throw new Error(`the collector never received ${what}`)
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
        setTimeout(resolve, Math.min(left, 100))
      })
    }
  }

  /** Waits for what is measured after this call, in so many exports. */
  async exports(count = 1): Promise<void> {
    const before = this.requests.length
    await this.until(() => this.requests.length >= before + count, 'a request')
  }

  /** Every point of a metric, oldest first. */
  points(metric: string): Point[] {
    return this.requests.flat().filter(point => point.metric === metric)
  }

  /** The last point of each series of a metric. */
  latest(metric: string): Point[] {
    return [...new Map(this.points(metric).map(point => [seriesOf(point), point])).values()]
  }

  async stop(): Promise<void> {
    this.#open = false
    await this.#server.close()
  }

  #takeMetrics({ resourceMetrics }: MetricsRequest): void {
    // the package tells every server of the process of every request
    if (!this.#open) return
    for (const { resource } of resourceMetrics) this.resource = attributesOf(resource.attributes)
    const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(scope => scope.metrics))
    this.requests.push(metrics.flatMap(pointsOf))
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #takeSpans({ resourceSpans }: TraceRequest): void {
    if (!this.#open) return
    for (const { scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(spanOf))
    }
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** Names a series: its metric and attributes. */
export function seriesOf({ metric, attributes }: Point): string {
  return `${metric} ${JSON.stringify(Object.entries(attributes).sort())}`
}

function pointsOf(metric: Metric): Point[] {
  const { name, unit, description, gauge, sum, histogram, exponentialHistogram } = metric
  const common = { metric: name, unit, description, histogram: null }
  const times = (point: { startTimeUnixNano: unknown; timeUnixNano: unknown; attributes?: readonly KeyValue[] }) => ({
    startMs: Number(`${point.startTimeUnixNano}`) / 1e6,
    endMs: Number(`${point.timeUnixNano}`) / 1e6,
    attributes: attributesOf(point.attributes ?? []),
  })
  const temporality = temporalityOf((sum ?? histogram ?? exponentialHistogram)?.aggregationTemporality)
  const numbers = [...(gauge?.dataPoints ?? []), ...(sum?.dataPoints ?? [])].map(
    (point): Point => ({
      ...common,
      ...times(point),
      kind: sum === undefined ? 'gauge' : sum.isMonotonic === true ? 'counter' : 'level',
      temporality,
      value: point.asInt === undefined ? (point.asDouble ?? Number.NaN) : Number(`${point.asInt}`),
    }),
  )
  const explicit = (histogram?.dataPoints ?? []).map((point): Point => {
    const shape = { scale: 0, zeroCount: 0, offset: 0, max: null, bounds: point.explicitBounds }
    const count = Number(`${point.count}`)
    const buckets = point.bucketCounts.map(value => Number(`${value}`))
    return {
      ...common,
      ...times(point),
      kind: 'histogram',
      temporality,
      value: count,
      histogram: { ...shape, count, sum: point.sum ?? 0, buckets },
    }
  })
  const exponential = (exponentialHistogram?.dataPoints ?? []).map((point): Point => {
    const count = Number(`${point.count}`)
    return {
      ...common,
      ...times(point),
      kind: 'histogram',
      temporality,
      value: count,
      histogram: {
        count,
        sum: point.sum ?? 0,
        max: point.max ?? null,
        scale: point.scale ?? 0,
        zeroCount: Number(`${point.zeroCount}`),
        offset: point.positive.offset ?? 0,
        buckets: (point.positive.bucketCounts ?? []).map(value => Number(`${value}`)),
        bounds: null,
      },
    }
  })
  return [...numbers, ...explicit, ...exponential]
}

/** AggregationTemporality of the protocol. */
function temporalityOf(value: number | string | undefined): Point['temporality'] {
  if (value === 1 || value === 'AGGREGATION_TEMPORALITY_DELTA') return 'delta'
  return value === undefined || value === 0 ? null : 'cumulative'
}

function spanOf(span: Span): ReceivedSpan {
  return {
    name: span.name,
    kind: `${span.kind}`,
    startMs: Number(`${span.startTimeUnixNano}`) / 1e6,
    endMs: Number(`${span.endTimeUnixNano}`) / 1e6,
    attributes: attributesOf(span.attributes),
    failed: span.status?.code === 2 || span.status?.code === 'STATUS_CODE_ERROR',
  }
}

function attributesOf(pairs: readonly KeyValue[]): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(`${value.intValue}`),
    ]),
  )
}
