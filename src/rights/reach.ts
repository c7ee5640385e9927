import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { User } from './user.ts'

/** Bits of a file's mode for all others. */
const READ = 4
const WRITE = 2
const EXECUTE = 1

/** Whether a user may read a file, as far as its mode and those of the folders above it say. */
export function reaches(user: User, path: string): boolean {
  return mayUse(user, path, READ)
}

/** Whether a file is there to which a user may not write, such as a Unix socket. */
export function isClosedTo(user: User, path: string): boolean {
  return existsSync(path) && !mayUse(user, path, WRITE)
}

function mayUse(user: User, path: string, what: number): boolean {
  try {
    if (!may(user, path, what)) return false
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if (!may(user, folder, EXECUTE)) return false
      if (folder === dirname(folder)) return true
    }
  } catch {
    return false
  }
}

function may({ uid, gid, groups }: User, path: string, what: number): boolean {
  const { mode, uid: owner, gid: group } = statSync(path)
  const shift = owner === uid ? 6 : group === gid || groups.includes(group) ? 3 : 0
  return ((mode >> shift) & what) !== 0
}
