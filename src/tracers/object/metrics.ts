/** What is exported of the rows of an object: what they count in an interval. */

import { PORTION } from '../../table/slices.ts'
import type { Labels, MetricDescription, TracerMetrics } from '../metrics.ts'
import type { FieldShape, MapShape } from './field.ts'
import type { ObjectTable } from './table.ts'

/** Kind and unit by what a field means; null: it is not exported. */
function exportOf({ id, part, form, meaning, tags }: FieldShape): Pick<MetricDescription, 'kind' | 'unit'> | null {
  if (part === 'key' || tags.hidden === true) return null
  if (form === 'histogram') return { kind: 'histogram', unit: 's' }
  switch (meaning) {
    case 'counter':
      return { kind: 'counter', unit: `{${id}}` }
    case 'bytes':
      return { kind: 'counter', unit: 'By' }
    case 'nanoseconds':
      return { kind: 'counter', unit: 'ns' }
    default:
      return null
  }
}

/** Of a table whose rows are those of an interval. Key fields but the process become attributes, `ebpf_top.FIELD`. */
export function metricsOf(name: string, table: ObjectTable, { fields }: MapShape): TracerMetrics {
  const process = fields.find(({ meaning, part }) => meaning === 'process' && part === 'key')
  const identity = fields.filter(field => field.part === 'key' && field !== process && field.tags.hidden !== true)
  const exported = fields.flatMap(field => {
    const found = exportOf(field)
    return found === null ? [] : [{ id: field.id, metric: `ebpf_top.${name}.${field.id}`, ...found }]
  })
  const attributes = identity.map(({ id }) => `ebpf_top.${id}`)
  const descriptions = Object.fromEntries(
    exported.map(({ id, metric, kind, unit }) => [
      metric,
      { kind, unit, perProcess: process !== undefined, attributes, description: `${id} of the tracer ${name}.` },
    ]),
  )
  return {
    descriptions,
    *take({ tables }, meterOf) {
      let taken = 0
      for (const row of tables.of(table)) {
        if (taken++ % PORTION === 0) yield
        const meter = meterOf({ pid: process === undefined ? null : row.pid, process_started_ns: null })
        const labels: Labels = Object.fromEntries(
          identity.map(({ id }) => [`ebpf_top.${id}`, String(row.values[id] ?? '')]),
        )
        const key = Object.values(labels).join('\0')
        for (const { id, metric, kind } of exported) {
          const value = row.values[id]
          if (kind === 'counter' && typeof value === 'number') {
            meter.add(metric, value, key, () => labels)
          }
          const histogram = row.histograms[id]
          if (histogram !== undefined) meter.histogram(metric, key, () => labels).add(histogram)
        }
        meter.rank(1)
      }
    },
  }
}
