/**
 * From the wish to end to the end, in milliseconds, at most. It holds the last sample and what is left to be sent, each
 * of which has a shorter limit of its own.
 */
const LEAVE_MS = 900

/**
 * Ends the process with `status` now. process.exit alone would wait for threads that are in the middle of a call: the look-up
 * of a collector's name at a server that does not answer, a grace period on a machine without processor time.
 */
export async function leave(status: number): Promise<void> {
  const { exitNow } = await import('../bpf/kernel.ts')
  exitNow(status)
}

/**
 * Ends the process with `status` within LEAVE_MS, whatever is under way then: a collector that hangs, a sample on a
 * machine that is stuck. What is still attached, the kernel detaches.
 */
export function leaveSoon(status: number): void {
  setTimeout(leave, LEAVE_MS, status)
}
