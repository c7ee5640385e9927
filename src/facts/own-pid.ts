import { readlinkSync } from 'node:fs'

/** Whether /proc counts processes as the kernel side does, which calls this one `self`; null: that is not known. */
export function isInProc(self: number | null): boolean {
  try {
    return readlinkSync('/proc/self') === String(self)
  } catch {
    return false
  }
}

/** The inode of the pid namespace that the kernel began with: PROC_PID_INIT_INO. */
const FIRST_NAMESPACE = 'pid:[4026531836]'

/** This process as the kernel side counts them, where nobody could tell it since seccomp keeps calls from it. */
export function pidInFirstNamespace(): number | null {
  try {
    return readlinkSync('/proc/self/ns/pid') === FIRST_NAMESPACE ? process.pid : null
  } catch {
    return null
  }
}
