/** Files in memory, which have no path that could be closed to somebody. */

import { closeSync, readFileSync, writeSync } from 'node:fs'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')

/** By number, since C libraries before 2.27 have no function for it. */
const memfdCreate = libc.func('long syscall(long number, const char *name, unsigned int flags)')
const fcntl = libc.func('int fcntl(int fd, int command, long argument)')

const SYS_MEMFD_CREATE = process.arch === 'arm64' ? 279 : 319
const MFD_CLOEXEC = 1
/** Since 6.3; older kernels refuse it, and let such files be executed anyway. */
const MFD_EXEC = 0x10
const F_DUPFD_CLOEXEC = 1030

/** Above all descriptors that a child gets, which would take its place. */
const ABOVE = 210

/** A copy of a program that anybody who has its descriptor may execute, as a path for it; null: there can be none. */
export function copyOfProgram(path: string): string | null {
  const file = [MFD_EXEC, 0]
    .map(flag => Number(memfdCreate(SYS_MEMFD_CREATE, 'ebpf-top', MFD_CLOEXEC | flag)))
    .find(fd => fd >= 0)
  if (file === undefined) return null
  try {
    const bytes = readFileSync(path)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    const high = fcntl(file, F_DUPFD_CLOEXEC, ABOVE)
    return high < 0 ? null : `/proc/self/fd/${high}`
  } catch {
    return null
  } finally {
    closeSync(file)
  }
}
