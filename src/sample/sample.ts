/**
 * A sample is what all tracers saw in one interval. It is immutable; sinks (screen, batch output, OTLP) take it and
 * never reach behind it. The field names of the rows are the JSON contract: they are printed as they stand, and docs/columns.md
 * is made from the comments of the fields. Where a field may be null, its comment ends with `null: ` and says when.
 */

import type { Histogram } from './histogram.ts'

/** Durations of the calls of one row, in nanoseconds. Percentiles are off by 4.4 % at most. */
export interface Duration {
  /** Durations of all calls added up. */
  readonly sum: number
  /** Duration of the longest call. */
  readonly max: number
  /** Median duration: half of the calls took no longer. */
  readonly p50: number
  /** 95th percentile of the durations: 95 % of the calls took no longer. */
  readonly p95: number
  /** 99th percentile of the durations: 99 % of the calls took no longer. */
  readonly p99: number
}

/** One system call, summed over all processes. */
export interface SyscallRow {
  /** Name of the system call; `syscall_N` where number N has no name. */
  readonly syscall: string
  /** Number of the system call in the table of its ABI. */
  readonly id: number
  /** Table that `id` is from: `compat` is that of 32-bit calls on a 64-bit kernel. */
  readonly abi: 'native' | 'compat'
  /** Calls that returned in this interval. */
  readonly count: number
  /** Calls that returned an error. */
  readonly errors: number
  /** Calls without a duration, because seccomp answered them. They are in `count` and not in `duration_ns`. */
  readonly untimed: number
  /** Durations of the calls; all 0 where no call was timed. */
  readonly duration_ns: Duration
}

/** One process: its threads, its calls, its bytes and its connections in this interval. */
export interface ProcessRow {
  /** Process id, as the host numbers it. */
  readonly pid: number
  /** Start of the process in Unix time. With the pid it names a process for good. null: the kernel side did not see the start. */
  readonly started_ns: number | null
  /** Name of the process: the kernel's `comm`, up to 15 bytes. Untrusted text. */
  readonly name: string
  /**
   * Command line: the arguments, separated by spaces. At most 4096 bytes; `…` marks what was cut off. The name, where the
   * command line is not known. Untrusted text.
   */
  readonly command: string
  /**
   * Container that the process runs in: its id, 64 hexadecimal digits as a rule, or its name (LXC, systemd-nspawn). null: it
   * runs in no container, or its cgroup is not known.
   */
  readonly container: string | null
  /** Uid of the Kubernetes pod that the process runs in. null: it runs in no pod, or its cgroup is not known. */
  readonly pod: string | null
  /** Systemd unit of the process, such as `nginx.service`. null: it runs in no unit, or its cgroup is not known. */
  readonly unit: string | null
  /** The process ended in this interval. */
  readonly exited: boolean
  /** System calls that returned in this interval. */
  readonly syscalls: number
  /** System calls that returned an error. */
  readonly errors: number
  /** System calls without a duration, because seccomp answered them. They are in `syscalls` and not in `duration_ns`. */
  readonly untimed: number
  /** Durations of the calls; all 0 where no call was timed. */
  readonly duration_ns: Duration
  /** Bytes that its system calls sent over IP sockets in this interval. */
  readonly sent_bytes: number
  /** Bytes that its system calls received over IP sockets in this interval. */
  readonly received_bytes: number
  /** `sent_bytes` and `received_bytes` by transport protocol. */
  readonly transports: Transports
  /** TCP connections that it owns: rows of `connections`. */
  readonly connections: number
}

export interface Transports {
  /** TCP, with MPTCP. */
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

/** One listening TCP socket. */
export interface ListenerRow {
  /** Number of the socket, unique while the program runs: several may listen at one address and port. */
  readonly id: number
  /** Process that owns the socket. null: nobody is known who has it open. */
  readonly pid: number | null
  /** Name of the owner. null: the owner is not known. */
  readonly name: string | null
  /** Container of the owner, as of processes. null: the owner is not known, or runs in none. */
  readonly container: string | null
  /** Address family. */
  readonly family: Family
  /** Address and port that it listens at. */
  readonly local: Endpoint
  /** The socket takes MPTCP connections as well. null: the kernel does not tell. */
  readonly mptcp: boolean | null
  /** Accept queue: connections that wait to be accepted. */
  readonly backlog: number
  /** Limit of the accept queue, the smaller of `listen(2)` backlog and `net.core.somaxconn`. */
  readonly backlog_limit: number
  /** Connections accepted from it in this interval. null: in compatible mode. */
  readonly accepts: number | null
  /** Connections and requests that it dropped in this interval, because of a full queue or otherwise. */
  readonly drops: number
  /** Inode of the network namespace. null: it is the one that the tool runs in. */
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
  /** Process that made the call. */
  readonly pid: number
  /** Thread that made the call. */
  readonly tid: number
  /** Name of the process. */
  readonly name: string
  /** Name of the system call; `syscall_N` where number N has no name. */
  readonly syscall: string
  /** Number of the system call in the table of its ABI. */
  readonly id: number
  /** Table that `id` is from: `compat` is that of 32-bit calls on a 64-bit kernel. */
  readonly abi: 'native' | 'compat'
  /** Return value; an error is negative. */
  readonly return: number
  /** Name of the errno that it returned. null: it returned no error. */
  readonly error: string | null
  /** Beginning in nanoseconds of Unix time, as exact as a double is (256 ns). */
  readonly started_ns: number
  /** Duration of the call. */
  readonly duration_ns: number
}

/** Events of this interval that are in no row. */
export interface Lost {
  /** Lost system calls. */
  readonly syscalls: number
  /** Lost connections, counted when they end. */
  readonly connections: number
  /** Lost sends and receives. */
  readonly bytes: number
  /** Slow calls without a row in `slow_calls`; in `syscalls` they are counted like all others. */
  readonly slow_calls: number
}

/** Lost events of one kind, for one reason; see `src/tracers/loss.ts` for the reasons. */
export interface LossRow {
  /** Kind of event that was lost. */
  readonly tracer: 'syscalls' | 'connections' | 'bytes'
  /**
   * Reason: `no_row` (all rows of the interval were taken), `no_memory` (the kernel had none), `missed` (the kernel did not run
   * the program, which was running already), `dropped` (a queue of the kernel was full).
   */
  readonly reason: string
  /** Events lost. */
  readonly count: number
}

/**
 * How each kind of number is measured, as `hook` or `hook+hook`; `none` where the kernel offers no way, and
 * `none (reason)` where reading it failed in this interval.
 */
export interface Sources {
  /** Source of system calls and processes. */
  readonly syscalls: string
  /** Source of TCP connections and listening sockets. */
  readonly connections: string
  /** Source of the bytes of processes. */
  readonly bytes: string
}

/** What watching cost in this interval. */
export interface SelfUsage {
  /** CPU time of the program, without its BPF programs. */
  readonly cpu_seconds: number
  /** Resident memory of the program. */
  readonly resident_bytes: number
  /** CPU time of its BPF programs, on all CPUs. null: not measured, because measuring costs too (`--cost`, key `c`). */
  readonly bpf_seconds: number | null
  /** Time from the end of the interval until the sample was complete. */
  readonly sample_seconds: number
}

/** How full a BPF map was in this interval, in entries. */
export interface MapUsage {
  /** Name of the BPF map. */
  readonly name: string
  /** Entries in use in this interval. */
  readonly used: number
  /** Most entries that it can hold. */
  readonly limit: number
}

export interface Sample {
  /** End of the interval, ISO 8601 in UTC. */
  readonly time: string
  /** Length of the interval. */
  readonly interval_seconds: number
  /** Filter in the kernel. */
  readonly filter: {
    /** Process ids that are watched (`-p`, key `P`); empty: all processes. */
    readonly pids: readonly number[]
  }
  /** How each kind of number is measured: `hook` or `hook+hook`; `none` where this kernel offers no way. */
  readonly sources: Sources
  /** All system calls that returned in this interval. */
  readonly syscalls: readonly SyscallRow[]
  /** All processes that did something in this interval, or own a connection. */
  readonly processes: readonly ProcessRow[]
  /** All TCP connections that were open in this interval, or failed to connect in it. */
  readonly connections: readonly ConnectionRow[]
  /** All listening TCP sockets. */
  readonly listeners: readonly ListenerRow[]
  /** System calls that took as long as `--slow` says, or longer. */
  readonly slow_calls: readonly SlowCallRow[]
  /** Events of this interval that are in no row. */
  readonly lost: Lost
  /** Lost events by kind and reason, without slow calls; only those that there were. */
  readonly losses: readonly LossRow[]
  /** What cannot be seen at present, and why; one line each. */
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
