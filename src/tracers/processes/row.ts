import type { Duration } from '../../table/histogram.ts'

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
