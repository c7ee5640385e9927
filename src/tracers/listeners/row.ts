import type { Endpoint, Family } from '../connections/row.ts'

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
