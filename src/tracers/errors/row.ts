/** Calls of one process to one system call that failed with one errno. */
export interface ErrorRow {
  /** Process that made the calls. */
  readonly pid: number
  /** `started_ns` of the process: two processes of an interval may have one pid. null: the start is not known. */
  readonly process_started_ns: number | null
  /** Name of the process. */
  readonly name: string
  /** Name of the system call; `syscall_N` where number N has no name. */
  readonly syscall: string
  /** Number of the system call in the table of its ABI. */
  readonly id: number
  /** Table that `id` is from: `compat` is that of 32-bit calls on a 64-bit kernel. */
  readonly abi: 'native' | 'compat'
  /** Name of the errno; `errno N` where N has no name. `OTHER`: more kinds of errors than the kernel side tells apart. */
  readonly errno: string
  /** Meaning of the errno, in the words of the kernel. Empty: it has none. */
  readonly meaning: string
  /** Calls that returned this error in this interval. */
  readonly count: number
  /** Part of the calls of this process to this system call that returned this error. */
  readonly share: number
}
