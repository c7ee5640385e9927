/** Which calls in flight are no news: the thread waits there for something to do, as it does most of its life. */

import type { ThreadState } from './thread-state.ts'

/** The rule in words, for the screen. */
export const IDLE_RULE =
  'asleep in a call that waits by its nature: poll, select, epoll_wait, futex, nanosleep, accept, wait4, pause, ... or a read of a terminal, eventfd, timerfd, signalfd or inotify'

/** Calls that wait until something is to be done, by the names of all tables. */
export const IDLE_CALLS: ReadonlySet<string> = new Set(
  `
  epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64
  futex futex_time64 futex_wait futex_waitv nanosleep clock_nanosleep clock_nanosleep_time64 restart_syscall
  pause sigsuspend rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 wait4 waitid waitpid accept accept4
  io_getevents io_pgetevents io_pgetevents_time64 io_uring_enter msgrcv mq_timedreceive mq_timedreceive_time64
  `
    .trim()
    .split(/\s+/),
)

/** Calls that read. */
const READS: ReadonlySet<string> = new Set(['read', 'readv', 'pread64', 'preadv', 'preadv2'])

/** Files whose reads wait for what comes by its nature, as their argument is written. */
export const IDLE_FILES: ReadonlySet<string> = new Set([
  'anon_inode:[eventfd]',
  'anon_inode:[timerfd]',
  'anon_inode:[signalfd]',
  'anon_inode:[fanotify]',
  'anon_inode:[userfaultfd]',
  'anon_inode:inotify',
])

/** Major numbers of the devices that are terminals: consoles, serial lines, pseudo terminals. */
const TERMINALS: ReadonlySet<number> = new Set([4, 5, 136, 137, 138, 139, 140, 141, 142, 143, 188, 204, 229])

/** What the rule looks at. */
export interface Waiting {
  readonly syscall: string
  readonly state: ThreadState
  /** First argument as written. */
  readonly argument: string | null
  /** Major number of the character device that it is; null: it is none. */
  readonly device: number | null
}

/** Whether a call is idle by `IDLE_RULE`. A wait that no signal ends is never. */
export function isIdle({ syscall, state, argument, device }: Waiting): boolean {
  if (state !== 'sleeping') return false
  if (IDLE_CALLS.has(syscall)) return true
  if (!READS.has(syscall)) return false
  return (argument !== null && IDLE_FILES.has(argument)) || (device !== null && TERMINALS.has(device))
}
