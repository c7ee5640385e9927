/** Spans of single events: a TCP connection, or a system call that took long. */

import { type Attributes, SpanKind } from '@opentelemetry/api'
import type { Sample } from '../sample/sample.ts'
import { ATTRIBUTES as A } from '../tracers/attributes.ts'
import { failureOf } from '../tracers/connections/changes.ts'
import type { ConnectionRow } from '../tracers/connections/row.ts'
import { connectionTable } from '../tracers/connections/table.ts'
import { slowTable } from '../tracers/slow-calls/table.ts'

/** A span before it has an id. Times are in milliseconds with fractions, the start is Unix time. */
export interface SpanEvent {
  readonly name: 'tcp.connect' | 'tcp.accept' | 'syscall'
  readonly kind: SpanKind
  readonly startMs: number
  readonly durationMs: number
  readonly attributes: Attributes
  /** Why it failed, by its `error.type`; null where it did not. */
  readonly error: string | null
}

/** Nanoseconds in a millisecond. */
const NANOSECONDS = 1e6

/** Makes a span: most of those of a busy machine are never sent, and need not be made. */
export type SpanMaker = () => SpanEvent

/** A span for each connection that closed, from its beginning to its end. One whose beginning was not seen has none. */
export function connectionSpans({ tables }: Sample): SpanMaker[] {
  const connections = tables.of(connectionTable)
  return connections.filter(row => row.closed && !row.age_is_minimum).map(row => () => connectionSpan(row))
}

function connectionSpan(row: ConnectionRow): SpanEvent {
  const outbound = row.direction === 'outbound'
  const failure = failureOf(row)
  return {
    name: outbound ? 'tcp.connect' : 'tcp.accept',
    kind: outbound ? SpanKind.CLIENT : SpanKind.SERVER,
    startMs: row.started_ns / NANOSECONDS,
    durationMs: row.age_seconds * 1000,
    error: failure,
    attributes: {
      ...(row.pid === null ? {} : { [A.processId]: row.pid }),
      ...(row.name === null ? {} : { [A.processName]: row.name }),
      ...(row.container === null ? {} : { [A.containerId]: row.container }),
      ...(row.pod === null ? {} : { [A.podUid]: row.pod }),
      [A.transport]: 'tcp',
      [A.networkType]: row.family,
      [A.localAddress]: row.local.address,
      [A.localPort]: row.local.port,
      [A.peerAddress]: row.remote.address,
      [A.peerPort]: row.remote.port,
      'ebpf_top.tcp.sent_bytes': row.total_sent_bytes,
      'ebpf_top.tcp.received_bytes': row.total_received_bytes,
      'ebpf_top.tcp.retransmits': row.retransmits,
      ...(row.connect_latency_ns === null
        ? {}
        : { 'ebpf_top.tcp.connect.duration_ms': row.connect_latency_ns / NANOSECONDS }),
      ...(failure === null ? {} : { [A.errorType]: failure }),
    },
  }
}

export function slowCallSpans({ tables }: Sample): SpanMaker[] {
  return tables.of(slowTable).map(call => () => ({
    name: 'syscall',
    kind: SpanKind.INTERNAL,
    startMs: call.started_ns / NANOSECONDS,
    durationMs: call.duration_ns / NANOSECONDS,
    error: call.error,
    attributes: {
      [A.processId]: call.pid,
      [A.threadId]: call.tid,
      [A.processName]: call.name,
      'syscall.id': call.id,
      'syscall.name': call.syscall,
      'syscall.return': call.return,
      'syscall.duration_ms': call.duration_ns / NANOSECONDS,
      ...(call.error === null ? {} : { [A.errorType]: call.error }),
    },
  }))
}
