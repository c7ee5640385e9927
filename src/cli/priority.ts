/**
 * The screen before everything else: on a machine without processor time left a screen that waits for its turn shows
 * nothing, and that is when somebody looks at it. As a real-time process of the lowest priority it has its turn at once.
 * A nice value would not do: it counts only among the processes of a session (sched_autogroup) or of a cgroup. What is
 * set here is set for this process alone and ends with it, however it ends.
 */

import { readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const getScheduler = libc.func('int sched_getscheduler(int thread)')
const setScheduler = libc.func('int sched_setscheduler(int thread, int policy, const int *priority)')

/** Of <linux/sched.h>. */
const SCHED_OTHER = 0
const SCHED_RR = 2

/** Lowest of real-time priorities: behind whatever else is in a hurry on this machine. */
const LOWEST = 1

/**
 * Raises it until the returned function is called. Nothing happens where the kernel refuses that (without CAP_SYS_NICE),
 * and where somebody has said already which priority this process is to have (`nice`, `chrt`).
 */
export function raisePriority(): () => void {
  if (getScheduler(0) !== SCHED_OTHER || getPriority() > 0) return () => {}
  setAll(SCHED_RR, LOWEST)
  return () => setAll(SCHED_OTHER, 0)
}

/** All threads there are, from which later ones inherit: the main one waits for garbage collection and for system calls. */
function setAll(policy: number, priority: number): void {
  for (const thread of readdirSync('/proc/self/task')) setScheduler(Number(thread), policy, Int32Array.of(priority))
}
