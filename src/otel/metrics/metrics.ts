/** Every metric that is exported: what the exporter, the documentation and the dashboard are made from or checked against. */

import { ATTRIBUTES as A } from '../attributes.ts'

/**
 * counter: only rises; level: goes up and down (an OpenTelemetry up-down counter); gauge: must not be added up;
 * histogram: exponential, of scale 3.
 */
export type MetricKind = 'counter' | 'level' | 'gauge' | 'histogram'

export interface MetricDescription {
  readonly kind: MetricKind
  /** UCUM, as OTLP wants it. */
  readonly unit: string
  /** The values are fractions. */
  readonly fractional?: boolean
  /** A series for each process, or group of processes with one name. */
  readonly perProcess: boolean
  readonly attributes: readonly string[]
  readonly description: string
}

export const METRICS = {
  'process.network.io': {
    kind: 'counter',
    unit: 'By',
    perProcess: true,
    attributes: [A.ioDirection, A.transport],
    description: 'Bytes that system calls of the process sent and received over IP sockets.',
  },
  'system.network.connection.count': {
    kind: 'level',
    unit: '{connection}',
    perProcess: false,
    attributes: [A.connectionState, A.transport],
    description: 'TCP connections at the end of the last interval; without sockets that listen or are in TIME_WAIT.',
  },
  'ebpf_top.syscall.calls': {
    kind: 'counter',
    unit: '{call}',
    perProcess: true,
    attributes: [A.syscallName],
    description: 'System calls that returned, including those that seccomp answered.',
  },
  'ebpf_top.syscall.errors': {
    kind: 'counter',
    unit: '{error}',
    perProcess: true,
    attributes: [A.syscallName, A.errorType],
    description: 'System calls that returned an error; error.type is the name of the errno.',
  },
  'ebpf_top.syscall.duration': {
    kind: 'histogram',
    unit: 's',
    perProcess: true,
    attributes: [A.syscallName],
    description:
      'Durations of system calls, in the buckets in which the kernel side counted them; without those that seccomp answered.',
  },
  'ebpf_top.tcp.connection.opened': {
    kind: 'counter',
    unit: '{connection}',
    perProcess: true,
    attributes: [A.networkType],
    description: 'TCP connections that the process connected and that were established.',
  },
  'ebpf_top.tcp.connection.accepted': {
    kind: 'counter',
    unit: '{connection}',
    perProcess: true,
    attributes: [A.networkType],
    description: "TCP connections that others established to the process's listening sockets.",
  },
  'ebpf_top.tcp.connection.closed': {
    kind: 'counter',
    unit: '{connection}',
    perProcess: true,
    attributes: [A.networkType],
    description: 'Established TCP connections that closed.',
  },
  'ebpf_top.tcp.connection.failed': {
    kind: 'counter',
    unit: '{connection}',
    perProcess: true,
    attributes: [A.errorType],
    description:
      'TCP connections that were never established; error.type is the name of the errno, or `_OTHER` where the process gave up or the reason is not known.',
  },
  'ebpf_top.tcp.connection.active': {
    kind: 'level',
    unit: '{connection}',
    perProcess: true,
    attributes: [A.networkType],
    description: 'Established TCP connections that are not yet closed, at the end of the last interval.',
  },
  'ebpf_top.tcp.connect.duration': {
    kind: 'histogram',
    unit: 's',
    perProcess: true,
    attributes: [],
    description: 'Time from the first SYN to the established connection, of connections that the process connected.',
  },
  'ebpf_top.tcp.connection.duration': {
    kind: 'histogram',
    unit: 's',
    perProcess: true,
    attributes: [],
    description: 'Lifetimes of TCP connections that closed and whose beginning was seen.',
  },
  'ebpf_top.tcp.rtt': {
    kind: 'histogram',
    unit: 's',
    perProcess: true,
    attributes: [],
    description: 'Smoothed round-trip times, one value for each interval in which a connection sent bytes.',
  },
  'ebpf_top.tcp.retransmits': {
    kind: 'counter',
    unit: '{segment}',
    perProcess: true,
    attributes: [],
    description: 'Retransmits: TCP segments sent again, including SYN and FIN.',
  },
  'ebpf_top.map.usage': {
    kind: 'level',
    unit: '{entry}',
    perProcess: false,
    attributes: [A.mapName],
    description: 'Rows of a BPF map that the last interval used.',
  },
  'ebpf_top.map.limit': {
    kind: 'level',
    unit: '{entry}',
    perProcess: false,
    attributes: [A.mapName],
    description: 'Rows that a BPF map has for one interval; events beyond them are counted in ebpf_top.lost.',
  },
  'ebpf_top.lost': {
    kind: 'counter',
    unit: '{event}',
    perProcess: false,
    attributes: [A.tracer, A.reason],
    description: 'Lost events: those that are in no other metric.',
  },
  'ebpf_top.filter.active': {
    kind: 'gauge',
    unit: '{filter}',
    perProcess: false,
    attributes: [],
    description: '1 while a pid filter is on, so that only some processes are measured; else 0.',
  },
  'ebpf_top.sample.duration': {
    kind: 'histogram',
    unit: 's',
    perProcess: false,
    attributes: [],
    description: 'Time to take a sample.',
  },
  'ebpf_top.export.failures': {
    kind: 'counter',
    unit: '{export}',
    perProcess: false,
    attributes: [A.signal, A.errorType],
    description:
      'Export requests that failed; error.type is the gRPC status, or PARTIAL_SUCCESS. The next request sends their data again.',
  },
  'ebpf_top.export.rejected': {
    kind: 'counter',
    unit: '{point}',
    perProcess: false,
    attributes: [],
    description: 'Metric points that the collector rejected in requests that it accepted (partial success).',
  },
  'ebpf_top.span.dropped': {
    kind: 'counter',
    unit: '{span}',
    perProcess: false,
    attributes: [A.reason],
    description:
      'Spans that were not sent: no free row in the kernel, over the rate limit, or not accepted by the collector.',
  },
  'ebpf_top.cpu.time': {
    kind: 'counter',
    unit: 's',
    fractional: true,
    perProcess: false,
    attributes: [],
    description: 'CPU time of ebpf-top itself, in user space.',
  },
  'ebpf_top.bpf.time': {
    kind: 'counter',
    unit: 's',
    fractional: true,
    perProcess: false,
    attributes: [],
    description: "CPU time of ebpf-top's BPF programs in the kernel, while that is measured.",
  },
  'ebpf_top.memory.usage': {
    kind: 'level',
    unit: 'By',
    perProcess: false,
    attributes: [],
    description: 'Resident memory of ebpf-top itself.',
  },
} as const satisfies Readonly<Record<string, MetricDescription>>

export type MetricName = keyof typeof METRICS

type OfKind<Kind extends MetricKind> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]

export type CounterName = OfKind<'counter'>
export type HistogramName = OfKind<'histogram'>
/** Metrics that are not added up over time: each sample sets them anew. */
export type LevelName = OfKind<'level' | 'gauge'>

/** Keys of METRICS, in their order. */
export const METRIC_NAMES = Object.keys(METRICS).filter((name): name is MetricName => name in METRICS)
