/** Ctrl-Z and fg: the terminal goes back to the shell while the process is stopped. */

import type { SuspendTerminal, TerminalSuspension } from 'ink'
import type { Jobs } from './jobs.ts'
import type { Terminal } from './terminal.ts'

/** Milliseconds after which a process that asked to be stopped and still runs will not be: nobody could wake it. */
const NOT_STOPPED = 300

export interface Suspension {
  /** How to take the keys from Ink, once Ink runs. */
  ready(suspend: SuspendTerminal): void
  /** Gives the terminal back and stops the whole foreground job. */
  suspend(): void
  /** Somebody else has the terminal. */
  active(): boolean
  /** Listens no more. */
  close(): void
}

/** What is taken from Ink before it runs. */
const NOTHING: Pick<TerminalSuspension, 'resume'> = { resume: () => Promise.resolve() }

/**
 * @param signals emits SIGTSTP and SIGCONT
 * @param redraw draws the whole screen, after the terminal was in other hands without our knowledge
 */
export function handleSuspension(
  terminal: Terminal,
  jobs: Jobs,
  signals: NodeJS.EventEmitter,
  redraw: () => void,
): Suspension {
  let suspendInk: SuspendTerminal | undefined
  let suspended: typeof NOTHING | undefined
  let notStopped: NodeJS.Timeout | undefined
  let closed = false

  const suspend = async (stop: () => void): Promise<void> => {
    if (suspended !== undefined) return
    suspended = suspendInk === undefined ? NOTHING : await suspendInk()
    if (closed) return
    terminal.leave()
    // With a listener the signal would come back here and stop nothing.
    signals.off('SIGTSTP', onStop)
    stop()
    notStopped = setTimeout(resume, NOT_STOPPED)
  }
  const resume = (): void => {
    if (suspended === undefined || closed) return
    clearTimeout(notStopped)
    signals.on('SIGTSTP', onStop)
    terminal.enter()
    void suspended.resume()
    suspended = undefined
    redraw()
    jobs.refreshSize()
  }
  const onStop = (): void => void suspend(jobs.stopSelf)
  const onContinue = (): void => {
    if (suspended !== undefined) {
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
    ready(way) {
      suspendInk = way
    },
    suspend: () => void suspend(jobs.stopForeground),
    active: () => suspended !== undefined,
    close() {
      closed = true
      clearTimeout(notStopped)
      signals.off('SIGTSTP', onStop).off('SIGCONT', onContinue)
    },
  }
}
