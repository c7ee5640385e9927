/** System calls of libc that reading maps takes. */

import { read } from 'node:fs'
import { promisify } from 'node:util'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const mmap = libc.func('void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset)')
const munmap = libc.func('int munmap(void *address, size_t length)')
const readFile = promisify(read)
const setns = libc.func('int setns(int fd, int type)')
const syscall = libc.func('long syscall(long number, int command, unsigned int flags, int cpu)')

const CLONE_NEWNET = 0x40000000

const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1
const MAP_FAILED = 0xffffffffffffffffn

/** membarrier(2) by architecture, from the kernel's syscall tables. */
const SYS_MEMBARRIER = process.arch === 'arm64' ? 283 : 324
const MEMBARRIER_CMD_GLOBAL = 1

/** Memory shared with the kernel, until `release`. */
export interface Mapping {
  readonly buffer: ArrayBuffer
  release(): void
}

/** Maps the first `length` bytes behind a file descriptor for reading and writing. Throws where the kernel refuses. */
export function mapShared(fd: number, length: number): Mapping {
  const address: bigint = mmap(null, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
  if (address === MAP_FAILED || address === -1n) {
    throw new Error(`mmap of ${length} bytes: ${errnoName(koffi.errno())}`)
  }
  return { buffer: koffi.view(address, length), release: () => munmap(address, length) }
}

/** Copy of the memory at `address`. */
export function copyMemory(address: bigint, length: number): Uint8Array {
  return new Uint8Array(koffi.view(address, length).slice(0))
}

/**
 * Waits until every CPU has left the BPF programs that were running: membarrier(2) with MEMBARRIER_CMD_GLOBAL waits
 * for an RCU grace period, and tracing programs run inside RCU read sections. Some 10 ms, on another thread.
 */
export function gracePeriod(): Promise<void> {
  return new Promise((resolve, reject) => {
    syscall.async(SYS_MEMBARRIER, MEMBARRIER_CMD_GLOBAL, 0, 0, (error: Error | null, result: number) => {
      if (error !== null) reject(error)
      else if (Number(result) !== 0) reject(new Error('membarrier(2) is refused here'))
      else resolve()
    })
  })
}

/** Reads a BPF iterator that prints nothing to its end, which runs its program over everything; on another thread. */
export async function runToEnd(fd: number): Promise<void> {
  const buffer = new Uint8Array(64)
  for (;;) {
    try {
      const { bytesRead } = await readFile(fd, buffer, 0, buffer.length, null)
      if (bytesRead === 0) return
    } catch (error) {
      // the kernel pauses after a million objects
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}

/**
 * Does `action` in another network namespace, both given as open files. This thread alone is in it, and only until
 * `action` returns. Throws where the kernel refuses.
 */
export function inNetworkNamespace<T>(namespace: number, own: number, action: () => T): T {
  enter(namespace)
  try {
    return action()
  } finally {
    enter(own)
  }
}

function enter(namespace: number): void {
  if (setns(namespace, CLONE_NEWNET) !== 0) throw new Error(`setns: ${errnoName(koffi.errno())}`)
}

/** Name of an errno value, such as EPERM. */
export function errnoName(errno: number): string {
  const value = Math.abs(errno)
  return Object.entries(koffi.os.errno).find(([, number]) => number === value)?.[0] ?? `errno ${value}`
}
