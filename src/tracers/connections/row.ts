export interface Endpoint {
  /** IP address. A link-local one has the name of its network interface: `fe80::1%eth0`. */
  readonly address: string
  /** TCP port. */
  readonly port: number
}

export type Family = 'ipv4' | 'ipv6'
export type Direction = 'inbound' | 'outbound'

/** One TCP connection that was open in this interval. */
export interface ConnectionRow {
  /** Number of the connection, unique while the program runs. */
  readonly id: number
  /** Process that owns the connection. null: nobody is known who has the socket open. */
  readonly pid: number | null
  /** `started_ns` of the owner: two processes of an interval may have one pid. null: `pid` is null, or the start is not known. */
  readonly process_started_ns: number | null
  /** Name of the owner. null: the owner is not known. */
  readonly name: string | null
  /** Container of the owner, as of processes. null: the owner is not known, or runs in none. */
  readonly container: string | null
  /** Uid of the owner's Kubernetes pod. null: the owner is not known, or runs in none. */
  readonly pod: string | null
  /** Systemd unit of the owner. null: the owner is not known, or runs in none. */
  readonly unit: string | null
  /** Address family. */
  readonly family: Family
  /** Who began it: `outbound`, this end connected; `inbound`, the other end did. */
  readonly direction: Direction
  /**
   * TCP state, as the kernel names it: ESTABLISHED, SYN_SENT, ... A connection that closed is in TIME_WAIT or CLOSE. One that
   * failed without a known reason, or was given up, keeps SYN_SENT.
   */
  readonly state: string
  /** The connection is established, or was. Where it never was, `error` says why, if that is known. */
  readonly established: boolean
  /** Address and port of this end. */
  readonly local: Endpoint
  /** Address and port of the other end. */
  readonly remote: Endpoint
  /** Payload bytes sent in this interval. */
  readonly sent_bytes: number
  /** Payload bytes received in this interval. */
  readonly received_bytes: number
  /** Payload bytes sent since the connection began. */
  readonly total_sent_bytes: number
  /** Payload bytes received since the connection began. */
  readonly total_received_bytes: number
  /** Time from the SYN to the established connection. null: it is inbound, not established, or its start was not seen. */
  readonly connect_latency_ns: number | null
  /**
   * Time from the SYN received to the end of the handshake. null: it is outbound or older than the tool, the kernel has no exact
   * measurement (SYN cookies, a SYN-ACK sent again), or in compatible mode.
   */
  readonly handshake_latency_ns: number | null
  /**
   * Time from the established connection to the end of the accept call that took it. null: it is outbound or not accepted yet,
   * the accept was not seen, or in compatible mode.
   */
  readonly accept_wait_ns: number | null
  /** Smoothed round-trip time, as the kernel estimates it; 0 before the first measurement. */
  readonly rtt_ns: number
  /** Least round-trip time of the last minutes. null: there is no measurement yet. */
  readonly rtt_min_ns: number | null
  /** Retransmits: segments sent again since the connection began, SYN and FIN among them. */
  readonly retransmits: number
  /** Payload bytes sent again since the connection began. null: the kernel does not tell them (before 4.19). */
  readonly retransmitted_bytes: number | null
  /** Segments with payload sent since the connection began, retransmits among them. */
  readonly segments_sent: number
  /** Receive queue: bytes that arrived and were not read yet; of an open connection. */
  readonly receive_queue_bytes: number
  /** Send queue: bytes that the other end has not acknowledged yet; of an open connection. */
  readonly send_queue_bytes: number
  /** Ends whose receive window is zero, so that the other must not send. null: neither, it closed, or in compatible mode. */
  readonly zero_window: 'local' | 'remote' | 'both' | null
  /**
   * The socket was in use the whole time, so its counters could not be read. The totals are those of the sample before; what it
   * moved since is in the next sample in which it is not busy, or in that of its end.
   */
  readonly busy: boolean
  /** The connection is a subflow of MPTCP. null: the kernel does not tell. */
  readonly mptcp: boolean | null
  /** Direction of the reset that ended the connection. null: no reset did, or in compatible mode. */
  readonly reset: 'sent' | 'received' | null
  /** End that closed first. null: neither did yet, or it is not known which. */
  readonly closed_by: 'local' | 'remote' | null
  /** Inode of the network namespace. null: it is the one that the tool runs in. */
  readonly network_namespace: number | null
  /** Age: time from its beginning to the end of the interval, or to its own end. */
  readonly age_seconds: number
  /** Beginning in Unix time, as exact as a double is (256 ns); of one older than the tool, when it was first seen. */
  readonly started_ns: number
  /** End in Unix time. null: it is open. */
  readonly ended_ns: number | null
  /** The connection is older than the tool: `age_seconds` counts from when it was first seen. */
  readonly age_is_minimum: boolean
  /** The connection began in this interval: connected, tried to connect, or was accepted. */
  readonly opened: boolean
  /** The connection closed, or failed, in this interval: the totals are final. */
  readonly closed: boolean
  /** Name of the errno with which connecting failed. null: it did not fail, was given up, or the reason is not known. */
  readonly error: string | null
}
