import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allMetrics } from '../../../src/otel/metrics/metrics.ts'
import type { MetricDescription } from '../../../src/tracers/metrics.ts'

const ROOT = join(import.meta.dirname, '../../..')

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

const KINDS = { counter: 'counter', level: 'up-down counter', gauge: 'gauge', histogram: 'histogram' } as const

/** The table of docs/otlp.md: what a mismatch shows is what has to stand there. */
function metricTable(): string {
  const rows = Array.from(allMetrics(), ([name, { kind, unit, perProcess, attributes, description }]) => {
    const all = [...(perProcess ? ['process'] : []), ...attributes.map(attribute => `\`${attribute}\``)]
    return `| \`${name}\` | ${KINDS[kind]}, \`${unit}\` | ${all.join(', ')} | ${description} |`
  })
  return ['| metric | kind, unit | attributes | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

const UNITS: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' }

/** The name that Prometheus gives a metric that it gets over OTLP: with the unit, and `_total` for a counter. */
function prometheusName(name: string, { kind, unit }: MetricDescription): string {
  return `${name.replaceAll('.', '_')}${UNITS[unit] ?? ''}${kind === 'counter' ? '_total' : ''}`
}

describe('the documentation', () => {
  it('has the table of all metrics', () => {
    const found = /^\| metric \|.*\n(?:\|.*\n)*/m.exec(read('docs/otlp.md'))?.[0].trimEnd()
    expect(found).toBe(metricTable())
  })

  it('names no metric that there is not', () => {
    const names = new Set(allMetrics().keys())
    const attributes = new Set([...allMetrics().values()].flatMap(({ attributes }) => attributes))
    for (const [, name = ''] of read('docs/otlp.md').matchAll(/`(ebpf_top\.[a-z_.]+)`/g)) {
      if (!name.startsWith('ebpf_top.tcp.sent_bytes')) expect(names.has(name) || attributes.has(name), name).toBe(true)
    }
  })
})

describe('the dashboard', () => {
  const dashboard = read('deploy/grafana/ebpf-top.json')

  it('shows every metric, and none that there is not', () => {
    const names = Array.from(allMetrics(), ([name, description]) => prometheusName(name, description))
    const queries = [...dashboard.matchAll(/"(?:expr|query|definition)": "((?:[^"\\]|\\.)*)"/g)].map(
      match => match[1] ?? '',
    )
    const used = new Set(queries.flatMap(query => query.match(/\b(?:ebpf_top|process|system)_\w+(?=[{[,])/g) ?? []))
    for (const label of ['process_executable_name', 'ebpf_top_syscall_name', 'ebpf_top_map_name']) used.delete(label)
    expect([...used].sort()).toEqual([...names].sort())
  })

  it('is one that Grafana can read', () => {
    const parsed: unknown = JSON.parse(dashboard)
    expect(parsed).toMatchObject({
      title: 'ebpf-top',
      panels: expect.any(Array),
      templating: { list: expect.any(Array) },
    })
  })
})

describe('the unit and the DaemonSet', () => {
  it('have the capabilities that the documentation says, and flags that exist', () => {
    const unit = read('deploy/systemd/ebpf-top.service')
    expect(unit).toContain('AmbientCapabilities=CAP_BPF CAP_PERFMON\nCapabilityBoundingSet=CAP_BPF CAP_PERFMON\n')
    expect(unit).toContain('--headless --export otlp')
    expect(read('deploy/kubernetes/daemonset.yaml')).toContain('add: [BPF, PERFMON, SETUID, SETGID]')
  })
})
