/** Made-up samples for the tests of the screen: figures that are easily told apart in a picture. */

import type { FreshSample, HeldSample } from '../../../src/sample/sample.ts'
import type { ConnectionRow } from '../../../src/tracers/connections/row.ts'
import type { ListenerRow } from '../../../src/tracers/listeners/row.ts'
import type { ProcessRow } from '../../../src/tracers/processes/row.ts'
import type { SyscallRow } from '../../../src/tracers/syscalls/row.ts'
import type { SampleParts } from '../../support/samples.ts'
import * as plain from '../../support/samples.ts'

const DURATION = { sum: 4_000_000, max: 2_000_000, p50: 1200, p95: 512_000, p99: 1_500_000 }

export function syscallRow(change: Partial<SyscallRow> = {}): SyscallRow {
  return plain.syscallRow({ count: 1000, errors: 0, duration_ns: DURATION, ...change })
}

export function processRow(change: Partial<ProcessRow> = {}): ProcessRow {
  return plain.processRow({
    pid: 100,
    syscalls: 500,
    errors: 0,
    duration_ns: DURATION,
    received_bytes: 1024,
    transports: {
      tcp: { sent_bytes: 2048, received_bytes: 1024 },
      udp: { sent_bytes: 0, received_bytes: 0 },
      other: { sent_bytes: 0, received_bytes: 0 },
    },
    ...change,
  })
}

export function connectionRow(change: Partial<ConnectionRow> = {}): ConnectionRow {
  return plain.connectionRow({
    pid: 100,
    local: { address: '192.168.100.200', port: 443 },
    remote: { address: '203.0.113.7', port: 40_001 },
    received_bytes: 1024,
    total_sent_bytes: 1_048_576,
    total_received_bytes: 4096,
    rtt_ns: 840_000,
    age_seconds: 75,
    ...change,
  })
}

export function listenerRow(change: Partial<ListenerRow> = {}): ListenerRow {
  return plain.listenerRow({ pid: 100, local: { address: '0.0.0.0', port: 443 }, ...change })
}

export function sampleOf(change: Partial<SampleParts> = {}): FreshSample & HeldSample {
  return plain.sampleOf({
    syscalls: [syscallRow(), syscallRow({ syscall: 'write', id: 1, count: 400, errors: 7 })],
    processes: [processRow(), processRow({ pid: 200, name: 'redis-server', command: '/bin/redis', syscalls: 90 })],
    connections: [
      connectionRow(),
      connectionRow({ pid: 200, name: 'redis-server', local: { address: '::1', port: 6379 } }),
    ],
    listeners: [listenerRow()],
    self: {
      cpu_seconds: 0.012,
      resident_bytes: 89_000_000,
      private_bytes: 89_000_000,
      map_bytes: 1 << 26,
      bpf_seconds: null,
      sample_seconds: 0.01,
    },
    ...change,
  })
}

/** A sample with more rows than fit on any screen; process i has pid 1000 + i and the more calls the lower i is. */
export function fullSample(): FreshSample & HeldSample {
  const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
  return sampleOf({
    syscalls: upTo(120).map(i => syscallRow({ syscall: `call_${i}`, id: i, count: 100_000 - i, errors: i % 3 })),
    processes: upTo(300).map(i =>
      processRow({ pid: 1000 + i, name: `worker-${i}`, syscalls: 90_000 - i, exited: i % 9 === 5 }),
    ),
    connections: upTo(200).map(i =>
      connectionRow({
        pid: 1000 + i,
        remote: { address: '2001:db8::8a2e:370:7334', port: 1000 + i },
        sent_bytes: 1e9 - i,
      }),
    ),
    listeners: upTo(200).map(i =>
      listenerRow({ id: i, pid: 1000 + i, local: { address: '::', port: 1000 + i }, accepts: 900 - i }),
    ),
  })
}
