/** Names of attributes, as OpenTelemetry's semantic conventions have them; those of our own begin with `ebpf_top.`. */

export const ATTRIBUTES = {
  processName: 'process.executable.name',
  processId: 'process.pid',
  threadId: 'process.tid',
  containerId: 'container.id',
  podUid: 'k8s.pod.uid',
  /** The specification's mark of a series that holds what found no series of its own. */
  overflow: 'otel.metric.overflow',
  errorType: 'error.type',
  ioDirection: 'network.io.direction',
  transport: 'network.transport',
  networkType: 'network.type',
  connectionState: 'network.connection.state',
  localAddress: 'network.local.address',
  localPort: 'network.local.port',
  peerAddress: 'network.peer.address',
  peerPort: 'network.peer.port',
  syscallName: 'ebpf_top.syscall.name',
  mapName: 'ebpf_top.map.name',
  tracer: 'ebpf_top.tracer',
  reason: 'reason',
  signal: 'ebpf_top.signal',
} as const

/** Attributes that name a process: on every metric whose description says `process`. */
export const PROCESS_ATTRIBUTES = [
  ATTRIBUTES.processName,
  ATTRIBUTES.containerId,
  ATTRIBUTES.podUid,
  ATTRIBUTES.processId,
] as const

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
