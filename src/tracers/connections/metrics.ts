import { PORTION } from '../../table/slices.ts'
import { ATTRIBUTES as A } from '../attributes.ts'
import type { Labels, LevelOf, Meter, MetricDescription, TracerMetrics } from '../metrics.ts'
import type { OfProcess } from '../processes/processes-by-key.ts'
import { type ConnectionChange, ConnectionChanges, failureOf } from './changes.ts'
import type { Family } from './row.ts'
import { connectionTable } from './table.ts'

const descriptions = {
  'system.network.connection.count': {
    kind: 'level',
    unit: '{connection}',
    perProcess: false,
    attributes: [A.connectionState, A.transport],
    description: 'TCP connections at the end of the last interval; without sockets that listen or are in TIME_WAIT.',
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
} as const satisfies Readonly<Record<string, MetricDescription>>

export function connectionMetrics(): TracerMetrics {
  const changes = new ConnectionChanges()
  return {
    descriptions,
    *take({ tables }, meterOf) {
      let taken = 0
      for (const change of changes.of(tables.of(connectionTable))) {
        if (taken++ % PORTION === 0) yield
        addConnection(meterOf(change.row), change)
      }
    },
    *levels({ tables }) {
      const states = new Map<string, number>()
      const active = new Map<string, LevelOf>()
      for (const [i, row] of tables.of(connectionTable).entries()) {
        if (i % PORTION === 0) yield
        if (row.closed) continue
        const state = connectionState(row.state)
        states.set(state, (states.get(state) ?? 0) + 1)
        if (!row.established) continue
        const { pid, process_started_ns, family } = row
        const key = `${pid} ${process_started_ns} ${family}`
        active.set(key, activeOf({ pid, process_started_ns }, family, (active.get(key)?.value ?? 0) + 1))
      }
      return [...Array.from(states, ([state, value]) => inState(state, value)), ...active.values()]
    },
  }
}

function inState(state: string, value: number): LevelOf {
  const labels = { [A.connectionState]: state, [A.transport]: 'tcp' }
  return { name: 'system.network.connection.count', process: null, key: state, labels, value }
}

function activeOf(process: OfProcess, family: Family, value: number): LevelOf {
  return { name: 'ebpf_top.tcp.connection.active', process, key: family, labels: networkLabels(family), value }
}

const networkLabels = (type: string): Labels => ({ [A.networkType]: type })
const errorLabels = (error: string): Labels => ({ [A.errorType]: error })

function addConnection(meter: Meter, change: ConnectionChange): void {
  const { row, established, failed, closed, retransmits } = change
  const measured = row.established && row.sent_bytes > 0 && row.rtt_ns > 0
  if (established || failed || closed || measured) meter.rank(1)
  if (established) {
    const name = row.direction === 'outbound' ? 'ebpf_top.tcp.connection.opened' : 'ebpf_top.tcp.connection.accepted'
    meter.add(name, 1, row.family, networkLabels)
    if (row.connect_latency_ns !== null) meter.record('ebpf_top.tcp.connect.duration', row.connect_latency_ns)
  }
  if (failed) meter.add('ebpf_top.tcp.connection.failed', 1, failureOf(row) ?? '', errorLabels)
  if (closed) {
    meter.add('ebpf_top.tcp.connection.closed', 1, row.family, networkLabels)
    if (change.whole) meter.record('ebpf_top.tcp.connection.duration', row.age_seconds * 1e9)
  }
  if (measured) meter.record('ebpf_top.tcp.rtt', row.rtt_ns)
  meter.add('ebpf_top.tcp.retransmits', retransmits)
}

/** States of the kernel (include/net/tcp_states.h) as the conventions spell them. */
const CONNECTION_STATES: Readonly<Record<string, string>> = {
  ESTABLISHED: 'established',
  SYN_SENT: 'syn_sent',
  SYN_RECV: 'syn_received',
  NEW_SYN_RECV: 'syn_received',
  FIN_WAIT1: 'fin_wait_1',
  FIN_WAIT2: 'fin_wait_2',
  TIME_WAIT: 'time_wait',
  CLOSE: 'closed',
  CLOSE_WAIT: 'close_wait',
  LAST_ACK: 'last_ack',
  LISTEN: 'listen',
  CLOSING: 'closing',
}

/** Value of `network.connection.state` for a state as samples name it. */
export function connectionState(kernelState: string): string {
  return CONNECTION_STATES[kernelState] ?? kernelState.toLowerCase()
}
