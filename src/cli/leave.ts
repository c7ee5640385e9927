/**
 * From the wish to end to the end, in milliseconds, at most: of the screen, and of the service, where it holds the last sample
 * and what is left to be sent, each of which has a limit of its own.
 */
const SCREEN_MS = 900
const SERVICE_MS = 1700

/**
 * Ends the process with `status` now. process.exit alone would wait for threads that are in the middle of a call: the look-up
 * of a collector's name at a server that does not answer, a grace period on a machine without processor time.
 */
export async function leave(status: number): Promise<void> {
  const { exitNow } = await loadExit()
  exitNow(status)
}

/** What it takes. Once it was loaded from here, its file need not be there any more. */
export function loadExit() {
  return import('../bpf/kernel.ts')
}

/**
 * Ends the process with `status` in time, whatever is under way then: a collector that hangs, a sample on a
 * machine that is stuck. What is still attached, the kernel detaches.
 */
export function leaveSoon(status: number, mode: 'screen' | 'service'): void {
  setTimeout(leave, mode === 'screen' ? SCREEN_MS : SERVICE_MS, status)
}
