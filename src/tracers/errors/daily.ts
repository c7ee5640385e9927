/** Which errors are everyday business: programs make such calls to find something out, and go on. */

import { IDLE_CALLS } from '../in-flight/idle.ts'
import type { ErrorRow } from './row.ts'

/** The rule in words, for the screen. */
export const DAILY_RULE =
  'everyday errors are dim: EAGAIN, EINTR and EINPROGRESS; ETIMEDOUT of a wait; ENOENT where a path is searched'

/** Calls by which a program searches a path. */
const SEARCHES: ReadonlySet<string> = new Set(
  `
  execve execveat open openat openat2 stat stat64 lstat lstat64 newfstatat fstatat64 statx access faccessat faccessat2
  readlink readlinkat
  `
    .trim()
    .split(/\s+/),
)

/** Calls that wait as long as they are told to, besides those that are idle by their nature. */
const WAITS: ReadonlySet<string> = new Set([
  ...IDLE_CALLS,
  ...['recv', 'recvfrom', 'recvmsg', 'recvmmsg', 'recvmmsg_time64', 'mq_timedsend', 'mq_timedsend_time64'],
  ...['semtimedop', 'semtimedop_time64'],
])

/** By errno, the calls of which it is; null: of all. On Linux EWOULDBLOCK is EAGAIN. */
const DAILY: ReadonlyMap<string, ReadonlySet<string> | null> = new Map([
  ['EAGAIN', null],
  ['EINTR', null],
  ['EINPROGRESS', null],
  ['ETIMEDOUT', WAITS],
  ['ENOENT', SEARCHES],
])

export function isDaily({ errno, syscall }: Pick<ErrorRow, 'errno' | 'syscall'>): boolean {
  const calls = DAILY.get(errno)
  return calls !== undefined && (calls === null || calls.has(syscall))
}
