/** System calls of libc that reading maps takes. */

import { read, writeSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import koffi from 'koffi'
import { errnoName } from '../syscall/errno.ts'

const libc = koffi.load('libc.so.6')

/** `struct rlimit` of 64-bit machines. */
koffi.struct('rlimit', { rlim_cur: 'uint64_t', rlim_max: 'uint64_t' })

const mmap = libc.func('void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset)')
const mallopt = libc.func('int mallopt(int parameter, int value)')
const munmap = libc.func('int munmap(void *address, size_t length)')
const readFile = promisify(read)
const exit = libc.func('void _exit(int status)')
const setns = libc.func('int setns(int fd, int type)')
const setrlimit = libc.func('int setrlimit(int resource, rlimit *limit)')
const getrlimit = libc.func('int getrlimit(int resource, _Out_ rlimit *limit)')
const syscall = libc.func('long syscall(long number, int command, unsigned int flags, int cpu)')

const RLIMIT_NOFILE = 7
const RLIMIT_MEMLOCK = 8
const RLIM_INFINITY = 0xffffffffffffffffn

const CLONE_NEWNET = 0x40000000

const STDERR = 2

const PROT_NONE = 0
const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1
const MAP_FIXED = 0x10
/** Addresses without memory: MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE. */
const UNUSED = 0x02 | 0x20 | 0x4000
/** Of the largest pages that Linux uses on arm64, so that it is a boundary everywhere. */
export const PAGE_SIZE = 65_536
const MAP_FAILED = 0xffffffffffffffffn

/** membarrier(2) by architecture, from the kernel's syscall tables. */
const SYS_MEMBARRIER = process.arch === 'arm64' ? 283 : 324
const MEMBARRIER_CMD_GLOBAL = 1

/** Memory shared with the kernel, until `release`. */
export interface Mapping {
  readonly buffer: ArrayBuffer
  release(): void
}

/** Maps the first `length` bytes behind a file descriptor. Throws where the kernel refuses. */
export function mapShared(fd: number, length: number, start = 0): Mapping {
  const address = mapped(mmap(null, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start), length)
  return { buffer: koffi.view(address, length), release: () => munmap(address, length) }
}

/** Bytes shared with the kernel, until `release`: who reads them after that ends the program. */
export interface SharedBytes {
  readonly bytes: DataView
  release(): void
}

/** Addresses at which parts of files can be mapped one at a time, without a buffer for each. */
export class AddressSpace {
  readonly length: number
  readonly #address: bigint
  readonly #buffer: ArrayBuffer
  #mapped = 0

  constructor(length: number) {
    this.length = length
    this.#address = mapped(mmap(null, length, PROT_NONE, UNUSED, -1, 0), length)
    this.#buffer = koffi.view(this.#address, length)
  }

  /** Bytes of addresses that a part of a file takes. */
  static span(start: number, length: number): number {
    return (start % PAGE_SIZE) + length
  }

  /** Maps `length` bytes behind a file descriptor, wherever they begin. Throws where the kernel refuses. */
  map(fd: number, start: number, length: number): SharedBytes {
    if (this.#mapped > 0) throw new RangeError('something is mapped here already')
    const span = AddressSpace.span(start, length)
    const ahead = span - length
    mapped(mmap(this.#address, span, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, start - ahead), span)
    this.#mapped = span
    return { bytes: new DataView(this.#buffer, ahead, length), release: () => this.#release() }
  }

  /** What is mapped stays as long as it is not released: somebody reads it. */
  close(): void {
    if (this.#mapped === 0) munmap(this.#address, this.length)
  }

  #release(): void {
    if (this.#mapped > 0) mmap(this.#address, this.#mapped, PROT_NONE, UNUSED | MAP_FIXED, -1, 0)
    this.#mapped = 0
  }
}

function mapped(address: bigint, length: number): bigint {
  if (address === MAP_FAILED || address === -1n) {
    throw new Error(`mmap of ${length} bytes: ${errnoName(koffi.errno())}`)
  }
  return address
}

/** Copy of the memory at `address`. */
export function copyMemory(address: bigint, length: number): Uint8Array {
  return new Uint8Array(koffi.view(address, length).slice(0))
}

/** Or not known how many. */
const ONE_PROCESSOR = cpus().length <= 1

/** Far longer than any BPF program runs, in milliseconds. */
const SAFE_WAIT_MS = 50

/**
 * Longest wait for the kernel's word that none is running, in milliseconds. The kernel's own threads give it, and on a
 * machine without processor time left these had no turn for half a minute (docs/decisions/without-processor-time.md).
 */
const PATIENCE_MS = 200

/** Calls of membarrier that have not returned: each holds one of the few threads that there are for such calls. */
let waiting = 0

/**
 * Waits until every CPU has left the BPF programs that were running: membarrier(2) with MEMBARRIER_CMD_GLOBAL waits
 * for an RCU grace period, and tracing programs run inside RCU read sections. Some 10 ms, on another thread. Where the
 * kernel refuses it (nohz_full, seccomp), or does nothing for it (one processor, where a program may still have been
 * preempted), or does not come to it, it waits for a time that no program comes near.
 */
export async function gracePeriod(): Promise<void> {
  if (ONE_PROCESSOR) return sleep(SAFE_WAIT_MS)
  const passed = await new Promise<boolean>(resolve => {
    const late = setTimeout(resolve, PATIENCE_MS, true)
    if (waiting > 0) return
    waiting++
    syscall.async(SYS_MEMBARRIER, MEMBARRIER_CMD_GLOBAL, 0, 0, (error: Error | null, result: number) => {
      waiting--
      clearTimeout(late)
      resolve(error === null && Number(result) === 0)
    })
  })
  if (!passed) await sleep(SAFE_WAIT_MS)
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
    comeBack(own)
  }
}

/** All that this thread did from now on would be done in a namespace that anybody may have made: better nothing at all. */
function comeBack(own: number): void {
  try {
    enter(own)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    writeSync(STDERR, `ebpf-top: cannot leave a network namespace (${why})\n  run it again\n`)
    exitNow(1)
  }
}

/** Ends the process as process.exit does, but waits for no thread that is in the middle of a call. */
export function exitNow(status: number): never {
  // behind all others who listen, as the one that puts the terminal back
  process.once('exit', () => exit(status))
  process.exit(status)
}

function enter(namespace: number): void {
  if (setns(namespace, CLONE_NEWNET) !== 0) throw new Error(`setns: ${errnoName(koffi.errno())}`)
}

/**
 * Lifts the limit on locked memory, which counts the memory of maps before 5.11. Takes CAP_SYS_RESOURCE; without it the
 * limit stays, which is no matter on newer kernels.
 */
export function liftMemoryLimit(): boolean {
  return setrlimit(RLIMIT_MEMLOCK, { rlim_cur: RLIM_INFINITY, rlim_max: RLIM_INFINITY }) === 0
}

/**
 * Raises the number of files that this process may have open as far as it may itself, and tells how many that are.
 */
export function liftFileLimit(): number {
  const limit: Partial<Record<'rlim_cur' | 'rlim_max', number | bigint>> = {}
  if (getrlimit(RLIMIT_NOFILE, limit) !== 0) return 0
  const { rlim_cur: now = 0, rlim_max: most = 0 } = limit
  return setrlimit(RLIMIT_NOFILE, { rlim_cur: most, rlim_max: most }) === 0 ? Number(most) : Number(now)
}

/** mallopt(3): how the C library hands out memory. What it refuses stays as it was. */
export function setMallocOption(parameter: number, value: number): void {
  mallopt(parameter, value)
}

/** Makes a system call that there is none of, which tells nobody anything but this number. */
export function callWithNumber(number: number): void {
  syscall(number, 0, 0, 0)
}
