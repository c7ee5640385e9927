/** Ctrl-Z and fg: the terminal goes back to the shell while the process is stopped. */

import type { Jobs } from './jobs.ts'
import type { Keyboard } from './keyboard.ts'
import type { Terminal } from './terminal.ts'

/** Milliseconds after which a process that asked to be stopped and still runs will not be: nobody could wake it. */
const NOT_STOPPED = 300

export interface Suspension {
  /** Gives the terminal back and stops the whole foreground job. */
  suspend(): void
  /** Listens no more. */
  close(): void
}

/**
 * @param signals emits SIGTSTP and SIGCONT
 * @param redraw draws the whole screen, after the terminal was in other hands without our knowledge
 */
export function handleSuspension(
  terminal: Terminal,
  keyboard: Keyboard,
  jobs: Jobs,
  signals: NodeJS.EventEmitter,
  redraw: () => void,
): Suspension {
  let suspended = false
  let notStopped: NodeJS.Timeout | undefined
  let closed = false

  const suspend = (stop: () => void): void => {
    if (suspended || closed) return
    suspended = true
    keyboard.pause()
    terminal.leave()
    // With a listener the signal would come back here and stop nothing.
    signals.off('SIGTSTP', onStop)
    stop()
    notStopped = setTimeout(resume, NOT_STOPPED)
  }
  const resume = (): void => {
    if (!suspended || closed) return
    suspended = false
    clearTimeout(notStopped)
    signals.on('SIGTSTP', onStop)
    terminal.enter()
    keyboard.resume()
    redraw()
    jobs.refreshSize()
  }
  const onStop = (): void => suspend(jobs.stopSelf)
  const onContinue = (): void => {
    if (suspended) {
      resume()
      return
    }
    // It was SIGSTOP, which asks nobody: the shell has had the terminal meanwhile.
    terminal.retake()
    redraw()
    jobs.refreshSize()
  }

  signals.on('SIGTSTP', onStop).on('SIGCONT', onContinue)
  return {
    suspend: () => suspend(jobs.stopForeground),
    close() {
      closed = true
      clearTimeout(notStopped)
      signals.off('SIGTSTP', onStop).off('SIGCONT', onContinue)
    },
  }
}
