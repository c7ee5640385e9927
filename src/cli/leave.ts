/**
 * From the wish to end to the end, in milliseconds, at most. It holds the last sample and what is left to be sent, each
 * of which has a shorter limit of its own.
 */
const LEAVE_MS = 900

/**
 * Ends the process with `status` within LEAVE_MS, whatever is under way then: a collector that hangs, a sample on a
 * machine that is stuck. What is still attached, the kernel detaches.
 */
export function leaveSoon(status: number): void {
  setTimeout(() => process.exit(status), LEAVE_MS)
}
