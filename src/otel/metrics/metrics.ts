/** Every metric that is exported: those of the tracers, and those of ebpf-top itself. */

import { ATTRIBUTES as A } from '../../tracers/attributes.ts'
import type { MetricDescription } from '../../tracers/metrics.ts'
import { registry } from '../../tracers/registry.ts'

/** Of the export, of what was lost, and of the program. */
const OWN = {
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

/** By name, in the order in which they are exported and documented: those that OpenTelemetry has a name for come first. */
export function allMetrics(): ReadonlyMap<string, MetricDescription> {
  const all: [string, MetricDescription][] = [
    ...registry.metrics().flatMap(({ descriptions }) => Object.entries(descriptions)),
    ...Object.entries(OWN),
  ]
  const isOurs = ([name]: [string, MetricDescription]): boolean => name.startsWith('ebpf_top.')
  return new Map([...all.filter(entry => !isOurs(entry)).sort(([a], [b]) => (a < b ? -1 : 1)), ...all.filter(isOurs)])
}
