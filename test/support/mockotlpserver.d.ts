/** What the tests use of the package, which has no types: requests as @grpc/proto-loader decodes them. */
declare module '@elastic/mockotlpserver' {
  interface Long {
    toString(): string
  }

  export interface KeyValue {
    readonly key: string
    readonly value: {
      readonly stringValue?: string
      readonly boolValue?: boolean
      readonly intValue?: Long
      readonly doubleValue?: number
    }
  }

  interface Point {
    readonly attributes?: readonly KeyValue[]
    readonly startTimeUnixNano: Long
    readonly timeUnixNano: Long
  }

  export interface NumberPoint extends Point {
    readonly asInt?: Long
    readonly asDouble?: number
  }

  export interface ExponentialPoint extends Point {
    readonly count: Long
    readonly sum?: number
    readonly max?: number
    readonly scale?: number
    readonly zeroCount: Long
    readonly positive: { readonly offset?: number; readonly bucketCounts?: readonly Long[] }
  }

  export interface ExplicitPoint extends Point {
    readonly count: Long
    readonly sum?: number
    readonly bucketCounts: readonly Long[]
    readonly explicitBounds: readonly number[]
  }

  interface Data<P> {
    readonly dataPoints: readonly P[]
    readonly aggregationTemporality?: number | string
  }

  export interface Metric {
    readonly name: string
    readonly description: string
    readonly unit: string
    readonly gauge?: Data<NumberPoint>
    readonly sum?: Data<NumberPoint> & { readonly isMonotonic?: boolean }
    readonly histogram?: Data<ExplicitPoint>
    readonly exponentialHistogram?: Data<ExponentialPoint>
  }

  interface Resource {
    readonly attributes: readonly KeyValue[]
  }

  export interface MetricsRequest {
    readonly resourceMetrics: readonly {
      readonly resource: Resource
      readonly scopeMetrics: readonly {
        readonly scope: { readonly name: string }
        readonly metrics: readonly Metric[]
      }[]
    }[]
  }

  export interface Span {
    readonly traceId: Buffer
    readonly spanId: Buffer
    readonly name: string
    readonly kind: number | string
    readonly startTimeUnixNano: Long
    readonly endTimeUnixNano: Long
    readonly attributes: readonly KeyValue[]
    readonly status?: { readonly code?: number | string; readonly message?: string }
  }

  export interface TraceRequest {
    readonly resourceSpans: readonly {
      readonly resource: Resource
      readonly scopeSpans: readonly { readonly spans: readonly Span[] }[]
    }[]
  }

  export class MockOtlpServer {
    constructor(options: {
      readonly logLevel?: string
      readonly services: readonly 'grpc'[]
      readonly grpcHostname: string
      readonly grpcPort: number
      onMetrics?(request: MetricsRequest): void
      onTrace?(request: TraceRequest): void
      onRequest?(request: { readonly path: string; readonly metadata: { get(key: string): readonly unknown[] } }): void
    })
    readonly grpcUrl: string
    start(): Promise<void>
    close(): Promise<void>
  }
}
