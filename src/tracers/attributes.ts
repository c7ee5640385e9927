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
