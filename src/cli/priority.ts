/**
 * The screen before everything else: on a machine without processor time left a screen that waits for its turn shows
 * nothing, and that is when somebody looks at it. As a real-time process of the lowest priority it has its turn at once.
 * A nice value would not do: it counts only among the processes of a session (sched_autogroup) or of a cgroup. What is
 * set here is set for this process alone - not for those it starts - and ends with it, however it ends.
 */

import { readdirSync } from 'node:fs'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const getScheduler = libc.func('int sched_getscheduler(int thread)')
const setScheduler = libc.func('int sched_setscheduler(int thread, int policy, const int *priority)')

/** Of <linux/sched.h>. */
const SCHED_OTHER = 0
const SCHED_RR = 2
const SCHED_RESET_ON_FORK = 0x4000_0000

/** Lowest of real-time priorities: behind whatever else is in a hurry on this machine. */
const LOWEST = 1

/** Part of one processor that a real-time process may take before it is an ordinary one again, and over how many seconds. */
const SHARE_MOST = 0.1
const SECONDS = 5

/** Milliseconds after raising it that do not count: the program is still being loaded. */
const GRACE = 3000

const LOOK = 1000

interface Look {
  readonly at: number
  /** Processor time until then, in milliseconds. */
  readonly used: number
}

export class Priority {
  /** Is told when it was lowered because the program took too much, and how much: a part of one processor. */
  onLowered: (share: number) => void = () => {}
  #raised = false
  #looking: NodeJS.Timeout | undefined
  #looks: Look[] = []

  /** False where the kernel refuses (without CAP_SYS_NICE). Somebody else's real-time priority (chrt) stays as it is. */
  raise(): boolean {
    if (this.#raised || getScheduler(0) !== SCHED_OTHER) return true
    this.#raised = setAll(SCHED_RR | SCHED_RESET_ON_FORK, LOWEST)
    if (this.#raised) this.#looking = setTimeout(() => this.#look(), GRACE).unref()
    return this.#raised
  }

  lower(): void {
    if (!this.#raised) return
    this.#raised = false
    clearTimeout(this.#looking)
    this.#looks = []
    setAll(SCHED_OTHER, 0)
  }

  #look(): void {
    const { user, system } = process.cpuUsage()
    const now: Look = { at: performance.now(), used: (user + system) / 1000 }
    this.#looks = [...this.#looks, now].slice(-1 - (SECONDS * 1000) / LOOK)
    const first = this.#looks[0] ?? now
    const passed = now.at - first.at
    const share = passed > 0 ? (now.used - first.used) / passed : 0
    if (share > SHARE_MOST && passed > (SECONDS - 1) * 1000) {
      this.lower()
      this.onLowered(share)
      return
    }
    // threads that have begun since
    setAll(SCHED_RR | SCHED_RESET_ON_FORK, LOWEST)
    this.#looking = setTimeout(() => this.#look(), LOOK).unref()
  }
}

/** All threads there are: the main one waits for garbage collection and for system calls. False where it is refused. */
function setAll(policy: number, priority: number): boolean {
  const results = readdirSync('/proc/self/task').map(thread =>
    setScheduler(Number(thread), policy, Int32Array.of(priority)),
  )
  return results.includes(0)
}
