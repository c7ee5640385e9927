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
