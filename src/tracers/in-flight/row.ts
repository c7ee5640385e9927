import type { ThreadState } from './thread-state.ts'

/** One thread that was in a system call when the interval ended. */
export interface InFlightRow {
  /** Process that makes the call. */
  readonly pid: number
  /** Start of the process in Unix time. With the pid it names a process for good. */
  readonly process_started_ns: number
  /** Thread that makes the call. */
  readonly tid: number
  /** Name of the process: the kernel's `comm`, up to 15 bytes. Untrusted text. */
  readonly name: string
  /** Name of the thread. Untrusted text. */
  readonly thread_name: string
  /** Name of the system call; `syscall_N` where number N has no name. */
  readonly syscall: string
  /** Number of the system call in the table of its ABI. */
  readonly id: number
  /** Table that `id` is from: `compat` is that of 32-bit calls on a 64-bit kernel. */
  readonly abi: 'native' | 'compat'
  /** Beginning in nanoseconds of Unix time, as exact as a double is (256 ns). null: `duration_is_minimum`. */
  readonly started_ns: number | null
  /** Time from the beginning of the call to when the thread was looked at, at the end of the interval. */
  readonly duration_ns: number
  /**
   * The beginning was not seen: the call is older than the tool, began under another pid filter, or waits to be let in by a
   * debugger or by seccomp. `duration_ns` counts from when it is known to have begun at the latest.
   */
  readonly duration_is_minimum: boolean
  /**
   * State of the thread: `running` (or waiting for a processor), `sleeping`, `uninterruptible` (state D: no signal ends it), `idle`
   * (state I), `stopped`, `traced`, `frozen`, or `unknown`.
   */
  readonly thread_state: ThreadState
  /** The thread sleeps in a call that waits by its nature, such as epoll_wait, futex, accept, or a read of a terminal. */
  readonly idle: boolean
  /**
   * First argument of the call. A descriptor is shown as what is open there, as in `/proc/PID/fd`: a path, `pipe:[N]`,
   * `anon_inode:[eventpoll]`; a socket of TCP or UDP by its addresses, `socket:LOCAL→REMOTE`. Anything else is a number, hexadecimal where
   * it may be an address. Untrusted text. null: the call takes no argument.
   */
  readonly argument: string | null
}
