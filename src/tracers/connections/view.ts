import type { ConnectionRow } from './row.ts'

/**
 * A row as those see it who read it where it lies. Its fields are accessors of a class, so that the compiler takes
 * `{ ...row }` for what it is: a copy without any of them.
 */
export abstract class ConnectionView implements ConnectionRow {
  abstract get id(): ConnectionRow['id']
  abstract get pid(): ConnectionRow['pid']
  abstract get process_started_ns(): ConnectionRow['process_started_ns']
  abstract get name(): ConnectionRow['name']
  abstract get container(): ConnectionRow['container']
  abstract get pod(): ConnectionRow['pod']
  abstract get unit(): ConnectionRow['unit']
  abstract get family(): ConnectionRow['family']
  abstract get direction(): ConnectionRow['direction']
  abstract get state(): ConnectionRow['state']
  abstract get established(): ConnectionRow['established']
  abstract get local(): ConnectionRow['local']
  abstract get remote(): ConnectionRow['remote']
  abstract get sent_bytes(): ConnectionRow['sent_bytes']
  abstract get received_bytes(): ConnectionRow['received_bytes']
  abstract get total_sent_bytes(): ConnectionRow['total_sent_bytes']
  abstract get total_received_bytes(): ConnectionRow['total_received_bytes']
  abstract get connect_latency_ns(): ConnectionRow['connect_latency_ns']
  abstract get handshake_latency_ns(): ConnectionRow['handshake_latency_ns']
  abstract get accept_wait_ns(): ConnectionRow['accept_wait_ns']
  abstract get rtt_ns(): ConnectionRow['rtt_ns']
  abstract get rtt_min_ns(): ConnectionRow['rtt_min_ns']
  abstract get retransmits(): ConnectionRow['retransmits']
  abstract get retransmitted_bytes(): ConnectionRow['retransmitted_bytes']
  abstract get segments_sent(): ConnectionRow['segments_sent']
  abstract get receive_queue_bytes(): ConnectionRow['receive_queue_bytes']
  abstract get send_queue_bytes(): ConnectionRow['send_queue_bytes']
  abstract get zero_window(): ConnectionRow['zero_window']
  abstract get busy(): ConnectionRow['busy']
  abstract get mptcp(): ConnectionRow['mptcp']
  abstract get reset(): ConnectionRow['reset']
  abstract get closed_by(): ConnectionRow['closed_by']
  abstract get network_namespace(): ConnectionRow['network_namespace']
  abstract get age_seconds(): ConnectionRow['age_seconds']
  abstract get started_ns(): ConnectionRow['started_ns']
  abstract get ended_ns(): ConnectionRow['ended_ns']
  abstract get age_is_minimum(): ConnectionRow['age_is_minimum']
  abstract get opened(): ConnectionRow['opened']
  abstract get closed(): ConnectionRow['closed']
  abstract get error(): ConnectionRow['error']

  /** All that it says, in an object of its own. Absent: it is such an object. */
  toJSON?(): ConnectionRow
}

/** All that a row says, in an object of its own. */
export function plainConnection(row: ConnectionView): ConnectionRow {
  return {
    id: row.id,
    pid: row.pid,
    process_started_ns: row.process_started_ns,
    name: row.name,
    container: row.container,
    pod: row.pod,
    unit: row.unit,
    family: row.family,
    direction: row.direction,
    state: row.state,
    established: row.established,
    local: row.local,
    remote: row.remote,
    sent_bytes: row.sent_bytes,
    received_bytes: row.received_bytes,
    total_sent_bytes: row.total_sent_bytes,
    total_received_bytes: row.total_received_bytes,
    connect_latency_ns: row.connect_latency_ns,
    handshake_latency_ns: row.handshake_latency_ns,
    accept_wait_ns: row.accept_wait_ns,
    rtt_ns: row.rtt_ns,
    rtt_min_ns: row.rtt_min_ns,
    retransmits: row.retransmits,
    retransmitted_bytes: row.retransmitted_bytes,
    segments_sent: row.segments_sent,
    receive_queue_bytes: row.receive_queue_bytes,
    send_queue_bytes: row.send_queue_bytes,
    zero_window: row.zero_window,
    busy: row.busy,
    mptcp: row.mptcp,
    reset: row.reset,
    closed_by: row.closed_by,
    network_namespace: row.network_namespace,
    age_seconds: row.age_seconds,
    age_is_minimum: row.age_is_minimum,
    started_ns: row.started_ns,
    ended_ns: row.ended_ns,
    opened: row.opened,
    closed: row.closed,
    error: row.error,
  }
}
