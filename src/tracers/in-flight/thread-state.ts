/**
 * What a thread does: `running` also while it waits for a processor; `sleeping`: signals wake it; `uninterruptible`: none
 * does (state D); `idle`: the same, though it waits for nothing that anybody waits for (state I).
 */
export type ThreadState =
  | 'running'
  | 'sleeping'
  | 'uninterruptible'
  | 'idle'
  | 'stopped'
  | 'traced'
  | 'frozen'
  | 'unknown'

/** Bits of the kernel's `__state` (include/linux/sched.h). */
const INTERRUPTIBLE = 0x1
const UNINTERRUPTIBLE = 0x2
const STOPPED = 0x4
const TRACED = 0x8
const NOLOAD = 0x400
const RTLOCK_WAIT = 0x1000
const FROZEN = 0x8000

/** `running`: it was on a processor. */
export function threadState(bits: number, running: boolean): ThreadState {
  if (running || bits === 0) return 'running'
  if (bits & FROZEN) return 'frozen'
  if (bits & TRACED) return 'traced'
  if (bits & STOPPED) return 'stopped'
  if (bits & UNINTERRUPTIBLE) return bits & NOLOAD ? 'idle' : 'uninterruptible'
  if (bits & RTLOCK_WAIT) return 'uninterruptible'
  return bits & INTERRUPTIBLE ? 'sleeping' : 'unknown'
}
