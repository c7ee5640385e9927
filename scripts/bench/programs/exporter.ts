/**
 * exporter EXPORTS: takes the samples of a busy machine and exports them each second as ebpf-top does, to where OTEL_*
 * variables say, and prints for each export a line of JSON that says what it took; see `Exported`.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { startExporter } from '../../../src/otel/exporter.ts'
import { readSettings } from '../../../src/otel/settings/settings.ts'
import { LentSample } from '../../../src/sample/holding.ts'
import type { FreshSample } from '../../../src/sample/sample.ts'
import { HistogramSum } from '../../../src/table/histogram.ts'
import { Tables } from '../../../src/table/tables.ts'
import { processTable } from '../../../src/tracers/processes/table.ts'
import type { Exported } from '../exporting.ts'

const PROCESSES = 200
const CALLS = 50

/** 15 of the buckets are in use. */
const durations = new HistogramSum()
for (let bucket = 120; bucket < 135; bucket++) durations.addCount(bucket, 3)
durations.sum = 45_000
durations.max = 9000

const exports = Number(process.argv[2] ?? 1)
const settings = readSettings(
  { protocol: 'otlp', endpoint: null, intervalSeconds: 1, pids: false, top: PROCESSES, spans: false },
  process.env,
)
const exporter = startExporter(settings, () => {})
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
for (let i = 0; i < exports; i++) {
  const before = process.cpuUsage()
  delay.reset()
  await new Promise(resolve => setTimeout(resolve, 500))
  // in the middle between two exports
  await exporter.take(sample())
  await new Promise(resolve => setTimeout(resolve, 500))
  const { user, system } = process.cpuUsage(before)
  const exported: Exported = {
    // the timer that measures comes after a millisecond anyway
    blockedMilliseconds: Math.max(0, delay.max / 1e6 - 1),
    cpuMilliseconds: (user + system) / 1000,
    state: exporter.status.state,
  }
  process.stdout.write(`${JSON.stringify(exported)}\n`)
}
await exporter.close()
process.exit(0)

function sample(): FreshSample {
  const duration_ns = { sum: 0, max: 0, p50: 0, p95: 0, p99: 0 }
  const none = { sent_bytes: 0, received_bytes: 0 }
  const some = { sent_bytes: 1000, received_bytes: 1000 }
  const pids = Array.from({ length: PROCESSES }, (_, i) => i + 1)
  const made = {
    time: new Date().toISOString(),
    interval_seconds: 1,
    filter: { pids: [] },
    duration_ns,
    sources: {
      syscalls: 'tp_btf',
      connections: 'iter/tcp+tp_btf',
      bytes: 'tp_btf:sock_send_length',
      in_flight: 'iter/task',
    },
    tables: new Tables().with(
      processTable,
      pids.map(pid => ({
        pid,
        started_ns: 0,
        name: `process-${pid}`,
        command: '',
        container: null,
        pod: null,
        unit: null,
        exited: false,
        syscalls: CALLS,
        errors: 0,
        untimed: 0,
        duration_ns,
        ...some,
        transports: { tcp: some, udp: none, other: none },
        connections: 0,
      })),
    ),
    lost: { syscalls: 0, connections: 0, bytes: 0, slow_calls: 0 },
    losses: [],
    notes: [],
    self: {
      cpu_seconds: 0,
      resident_bytes: 0,
      private_bytes: 0,
      map_bytes: null,
      bpf_seconds: null,
      sample_seconds: 0.01,
    },
    maps: [],
    calls: pids.flatMap(pid =>
      Array.from({ length: CALLS }, (_, id) => ({
        pid,
        process_started_ns: 0,
        syscall: `call_${id}`,
        id,
        abi: 'native' as const,
        errors: 0,
        untimed: 0,
        failures: [],
        durations,
      })),
    ),
  }
  return new LentSample(made, () => {}).sample
}
