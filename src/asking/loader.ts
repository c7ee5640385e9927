/** The process that loads objects of users, which is this program again: how it is asked for. */

import { fstatSync } from 'node:fs'

/** The first word of a command line that asks for the other process; what it is asked for is the second. */
export const LOADER = '--load-for-parent'

/** Descriptor of the socket in the other process. */
export const SOCKET = 3

/** Whether this process is the other one: it was given the socket. */
export function isLoader(): boolean {
  try {
    return fstatSync(SOCKET).isSocket()
  } catch {
    return false
  }
}
