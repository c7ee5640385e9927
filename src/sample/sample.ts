/**
 * A sample is what all tracers saw in one interval. It is immutable; sinks (screen, batch output, OTLP) take it and
 * never reach behind it. The field names of the rows are the JSON contract: they are printed as they stand.
 */

import type { Histogram } from './histogram.ts'

/** Durations of the calls of one row, in nanoseconds. Percentiles are off by 4.4 % at most. */
export interface Duration {
  /** Of all calls together. */
  readonly sum: number
  /** Of the longest call. */
  readonly max: number
  /** Median: half of the calls took no longer. */
  readonly p50: number
  /** 95 % of the calls took no longer. */
  readonly p95: number
  /** 99 % of the calls took no longer. */
  readonly p99: number
}

/** One system call, summed over all processes. */
export interface SyscallRow {
  /** Its name, or `syscall_N` where the number has none. */
  readonly syscall: string
  /** Number in the table of its ABI. */
  readonly id: number
  /** `native`, or `compat` for 32-bit calls on a 64-bit kernel, which have a number table of their own. */
  readonly abi: 'native' | 'compat'
  /** Calls that returned in this interval. */
  readonly count: number
  /** Those among them that failed. */
  readonly errors: number
  /** Of these calls those whose begin nobody saw, since seccomp answered them: how long they took is not known. */
  readonly untimed: number
  /** How long they took. */
  readonly duration_ns: Duration
}

/** One process: its threads, its calls, its bytes and its connections in this interval. */
export interface ProcessRow {
  /** As the host counts processes. */
  readonly pid: number
  /** Its start in nanoseconds of Unix time: with its pid it names a process for good. null: not known. */
  readonly started_ns: number | null
  /** The kernel's `comm`, untrusted text of up to 15 bytes. */
  readonly name: string
  /**
   * Command line, arguments separated by spaces, of 4096 bytes at most, and `…` behind what was cut off; the name where
   * it is not known. Untrusted text.
   */
  readonly command: string
  /** Id of its container, mostly 64 hexadecimal digits, or its name (LXC, systemd-nspawn); null outside of containers. */
  readonly container: string | null
  /** Uid of its Kubernetes pod. */
  readonly pod: string | null
  /** Its systemd unit, such as `nginx.service`. */
  readonly unit: string | null
  /** The process ended in this interval. */
  readonly exited: boolean
  /** System calls that returned in this interval. */
  readonly syscalls: number
  /** Those among them that failed. */
  readonly errors: number
  /** Of these calls those that seccomp answered: they are not among the durations. */
  readonly untimed: number
  /** How long they took. */
  readonly duration_ns: Duration
  /** Bytes its calls returned as sent over IP sockets in this interval. */
  readonly sent_bytes: number
  /** Bytes its calls returned as received over IP sockets in this interval. */
  readonly received_bytes: number
  /** The same by transport protocol; `other` is raw IP and the like. */
  readonly transports: Transports
  /** Rows of `connections` that it owns. */
  readonly connections: number
}

export interface Transports {
  /** MPTCP is among it. */
  readonly tcp: Traffic
  /** UDP and UDP-Lite. */
  readonly udp: Traffic
  /** Raw IP, SCTP and the like. */
  readonly other: Traffic
}

export type Transport = keyof Transports

export interface Traffic {
  /** Bytes sent in this interval. */
  readonly sent_bytes: number
  /** Bytes received in this interval. */
  readonly received_bytes: number
}

export interface Endpoint {
  /** With the name of the network interface where it is of a link: `fe80::1%eth0`. */
  readonly address: string
  /** Port number. */
  readonly port: number
}

export type Family = 'ipv4' | 'ipv6'
export type Direction = 'inbound' | 'outbound'

/** One TCP connection that was open in this interval. */
export interface ConnectionRow {
  /** Unique while the program runs. */
  readonly id: number
  /** Owner; null while nobody who holds the socket is known. */
  readonly pid: number | null
  /** Start of its owner as in the row of that process, of which several may have one pid; null: not known. */
  readonly process_started_ns: number | null
  /** Name of its owner's process. */
  readonly name: string | null
  /** Container of its owner's process, as of processes. */
  readonly container: string | null
  /** Uid of its Kubernetes pod. */
  readonly pod: string | null
  /** Its systemd unit. */
  readonly unit: string | null
  /** Of its addresses. */
  readonly family: Family
  /** `outbound`: this end connected; `inbound`: it was accepted. */
  readonly direction: Direction
  /**
   * As in the kernel: ESTABLISHED, SYN_SENT, ...; of one that closed TIME_WAIT where the kernel waits on, else CLOSE. Of one
   * that was given up, or failed for an unknown reason, before it was established: the state that it was in, SYN_SENT.
   */
  readonly state: string
  /** It is established, or was. Of one that closed and never was `error` says why, as far as that is known. */
  readonly established: boolean
  /** This end. */
  readonly local: Endpoint
  /** The other end. */
  readonly remote: Endpoint
  /** Payload bytes sent in this interval. */
  readonly sent_bytes: number
  /** Payload bytes received in this interval. */
  readonly received_bytes: number
  /** Payload bytes sent since the connection began. */
  readonly total_sent_bytes: number
  /** Payload bytes received since the connection began. */
  readonly total_received_bytes: number
  /** From the SYN to the established connection, outbound only; null where its start was not seen. */
  readonly connect_latency_ns: number | null
  /** From the SYN received to the end of the handshake, inbound only; null where it is not known. */
  readonly handshake_latency_ns: number | null
  /** From the established connection to the end of the accept call that took it; null where that was not seen. */
  readonly accept_wait_ns: number | null
  /** Smoothed round-trip time as the kernel estimates it. */
  readonly rtt_ns: number
  /** Least round-trip time of the last minutes; null before the first measurement. */
  readonly rtt_min_ns: number | null
  /** Segments sent again since the connection began, SYN and FIN among them. */
  readonly retransmits: number
  /** Payload bytes sent again since the connection began; null: not known. */
  readonly retransmitted_bytes: number | null
  /** Segments with payload sent since the connection began, those sent again among them. */
  readonly segments_sent: number
  /** Bytes that arrived and were not read yet; of an open connection. */
  readonly receive_queue_bytes: number
  /** Bytes sent that the other end has not acknowledged yet; of an open connection. */
  readonly send_queue_bytes: number
  /** Ends that have no room and told the other to send nothing for now; null: neither, or not known. */
  readonly zero_window: 'local' | 'remote' | 'both' | null
  /**
   * Its counters could not be read, since a process or a packet was at work on it all the time: its totals are those of the
   * sample before, and what it moved meanwhile is in the next one in which it is not busy, or in that of its end.
   */
  readonly busy: boolean
  /** It is a subflow of a connection by MPTCP, which is what the process has open; null: not told. */
  readonly mptcp: boolean | null
  /** A reset ended it: sent by this end or received. */
  readonly reset: 'sent' | 'received' | null
  /** Which end closed first; null while neither did. */
  readonly closed_by: 'local' | 'remote' | null
  /** Inode of the network namespace it lives in; null: the tool's own. */
  readonly network_namespace: number | null
  /** Time since it began, or until it ended. */
  readonly age_seconds: number
  /** Its beginning, or when it was first seen, in nanoseconds of Unix time, as exact as a double is (256 ns). */
  readonly started_ns: number
  /** Its end in nanoseconds of Unix time; null while it is open. */
  readonly ended_ns: number | null
  /** The connection is older than the tool: its age is the time since it was first seen. */
  readonly age_is_minimum: boolean
  /** It was connected, or tried to be, or was accepted in this interval. */
  readonly opened: boolean
  /** It closed in this interval; the totals are final. */
  readonly closed: boolean
  /** Name of the errno with which connecting failed; null where it did not, was given up, or the reason is not known. */
  readonly error: string | null
}

/** One listening TCP socket. */
export interface ListenerRow {
  /** Names the socket as long as the program runs: several may listen at one address and port. */
  readonly id: number
  /** Owner; null while nobody who holds the socket is known. */
  readonly pid: number | null
  /** Name of its owner's process. */
  readonly name: string | null
  /** Container of its owner's process. */
  readonly container: string | null
  /** Of its address. */
  readonly family: Family
  /** Where it listens. */
  readonly local: Endpoint
  /** It listens for connections by MPTCP as well; null: not told. */
  readonly mptcp: boolean | null
  /** Connections that wait to be accepted. */
  readonly backlog: number
  /** Connections that may wait at the most. */
  readonly backlog_limit: number
  /** Connections that were accepted from it in this interval; null: nothing tells. */
  readonly accepts: number | null
  /** Connections and requests that it dropped in this interval, a full queue among the reasons. */
  readonly drops: number
  /** Inode of the network namespace it lives in; null: the tool's own. */
  readonly network_namespace: number | null
}

/** Calls of one process to one system call: the finest grain the kernel side keeps. Not part of the JSON sample. */
export interface CallRow {
  readonly pid: number
  /** As in the row of the process. */
  readonly process_started_ns: number | null
  readonly syscall: string
  readonly id: number
  readonly abi: 'native' | 'compat'
  readonly errors: number
  /** The errors by their errno names; `OTHER` holds those that there was no room to tell apart. */
  readonly failures: readonly { readonly errno: string; readonly count: number }[]
  /** Calls that seccomp answered; they are not among the durations. */
  readonly untimed: number
  readonly durations: Histogram
}

/** One system call that took at least as long as `--slow` says. */
export interface SlowCallRow {
  /** Process of the thread. */
  readonly pid: number
  /** Thread that made the call. */
  readonly tid: number
  /** Name of the process. */
  readonly name: string
  /** Name of the call. */
  readonly syscall: string
  /** Number in the table of its ABI. */
  readonly id: number
  /** As of system calls. */
  readonly abi: 'native' | 'compat'
  /** What it returned; an error is negative. */
  readonly return: number
  /** Name of the errno that it returned; null where it did not. */
  readonly error: string | null
  /** When it began, in nanoseconds of Unix time, as exact as a double is (256 ns). */
  readonly started_ns: number
  /** How long it took. */
  readonly duration_ns: number
}

/** Events of this interval that are in no row. */
export interface Lost {
  /** System calls. */
  readonly syscalls: number
  /** Connections, by their ends. */
  readonly connections: number
  /** Sends and receives. */
  readonly bytes: number
  /** Slow calls that are not among `slow_calls`; they are counted among `syscalls` like all others. */
  readonly slow_calls: number
}

/** Lost events of one kind, for one reason; see `src/tracers/loss.ts` for the reasons. */
export interface LossRow {
  /** What was lost. */
  readonly tracer: 'syscalls' | 'connections' | 'bytes'
  /** Why: `no_row`, `no_memory`, `missed` or `dropped`. */
  readonly reason: string
  /** How many. */
  readonly count: number
}

/**
 * How each kind of number is measured, as `hook` or `hook+hook`; `none` where the kernel offers no way, and
 * `none (reason)` where reading it failed in this interval.
 */
export interface Sources {
  /** Of system calls and processes. */
  readonly syscalls: string
  /** Of TCP connections and listening sockets. */
  readonly connections: string
  /** Of the bytes of processes. */
  readonly bytes: string
}

/** What watching cost in this interval. */
export interface SelfUsage {
  /** Processor time of the program. */
  readonly cpu_seconds: number
  /** Resident memory of the program. */
  readonly resident_bytes: number
  /** Time that its BPF programs ran, on all processors; null while that is not measured, since measuring costs too. */
  readonly bpf_seconds: number | null
  /** Time that taking the sample took, behind the end of its interval. */
  readonly sample_seconds: number
}

/** How full a BPF map was in this interval, in entries. */
export interface MapUsage {
  /** Name of the map. */
  readonly name: string
  /** Entries in use. */
  readonly used: number
  /** Entries that there is room for. */
  readonly limit: number
}

export interface Sample {
  /** End of the interval, ISO 8601 in UTC. */
  readonly time: string
  /** Length of the interval. */
  readonly interval_seconds: number
  /** Which processes are watched. */
  readonly filter: {
    /** Empty: all processes. */
    readonly pids: readonly number[]
  }
  /** How each kind of number is measured. */
  readonly sources: Sources
  /** All system calls that returned in this interval. */
  readonly syscalls: readonly SyscallRow[]
  /** All processes that did anything in this interval, or own a connection. */
  readonly processes: readonly ProcessRow[]
  /** All TCP connections that were open in this interval, or failed to connect. */
  readonly connections: readonly ConnectionRow[]
  /** All listening TCP sockets. */
  readonly listeners: readonly ListenerRow[]
  /** System calls that took at least as long as `--slow` says. */
  readonly slow_calls: readonly SlowCallRow[]
  /** Events of this interval that are in no row. */
  readonly lost: Lost
  /** The same by reason, without slow calls; only what lost any. */
  readonly losses: readonly LossRow[]
  /** What cannot be seen for now, and why, a line each. */
  readonly notes: readonly string[]
  /** What watching cost in this interval. */
  readonly self: SelfUsage
  /** How full the BPF maps were. */
  readonly maps: readonly MapUsage[]
  /** Made while they are gone through, where the kernel side wrote them: only until the sink has taken the sample. */
  readonly calls: Iterable<CallRow>
  /**
   * The connections of a sample can be read until the sink has taken the next one, after which their memory is used
   * again and reading them is an error. From this call on they can be read as long as there is the sample.
   */
  keep(): void
}
