/** Job control: what Ctrl-Z has to do for itself, because in raw mode it is only a key. */

export interface Jobs {
  /** Stops everything in the foreground of the terminal, as its driver does for Ctrl-Z. Returns at once. */
  stopForeground(): void
  /** Stops this process alone, as SIGTSTP sent to it does. Returns at once. */
  stopSelf(): void
  /** Has Node ask for the size of the terminal, which may have changed while we were stopped. */
  refreshSize(): void
}

/** Who stops a whole job, also those of its processes that this one may not. */
interface Helper {
  /** False where that failed. */
  stopJob(): Promise<boolean>
}

/** null: there is nobody whom this process may not stop. */
export function jobsWith(helper: Helper | null): Jobs {
  if (helper === null) return jobs
  return {
    ...jobs,
    stopForeground() {
      // it alone: were this process stopped by it on the way to doing the same, it would do so once more when it goes on
      void helper.stopJob().then(isStopped => {
        if (!isStopped) jobs.stopForeground()
      })
    },
  }
}

export const jobs: Jobs = {
  // Not only ourselves: the shell waits for npm, sudo or a script around us, and these must stop as well.
  stopForeground() {
    process.kill(0, 'SIGTSTP')
  },
  stopSelf() {
    process.kill(process.pid, 'SIGTSTP')
  },
  refreshSize() {
    process.kill(process.pid, 'SIGWINCH')
  },
}
