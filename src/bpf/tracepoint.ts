/** Tracepoints of the kernel: their numbers and records as tracefs tells them, and events that run a program on them. */

import { closeSync, readFileSync, statSync } from 'node:fs'
import koffi from 'koffi'
import { errnoName } from '../syscall/errno.ts'

const libc = koffi.load('libc.so.6')

/** System calls by architecture, from the kernel's tables; those of mounting are the same on all. */
const SYS_PERF_EVENT_OPEN = process.arch === 'arm64' ? 241 : 298
const SYS_FSOPEN = 430
const SYS_FSCONFIG = 431
const SYS_FSMOUNT = 432

/** Leading fields of `struct perf_event_attr` of <linux/perf_event.h>: its first version. */
const EventAttributes = koffi.struct('perf_event_attr', {
  type: 'uint32_t',
  size: 'uint32_t',
  config: 'uint64_t',
  sample_period: 'uint64_t',
  sample_type: 'uint64_t',
  read_format: 'uint64_t',
  flags: 'uint64_t',
  wakeup_events: 'uint32_t',
  bp_type: 'uint32_t',
  config1: 'uint64_t',
})

const perfEventOpen = libc.func(
  'long syscall(long number, perf_event_attr *attributes, int pid, int cpu, int group, unsigned long flags)',
)
const ioctl = libc.func('int ioctl(int fd, unsigned long request, long argument)')
const fsopen = libc.func('long syscall(long number, const char *type, unsigned int flags)')
const fsconfig = libc.func('long syscall(long number, int fs, unsigned int command, void *key, void *value, int aux)')
const fsmount = libc.func('long syscall(long number, int fs, unsigned int flags, unsigned int attributes)')

const PERF_TYPE_TRACEPOINT = 2
const PERF_FLAG_FD_CLOEXEC = 8
/** `_IO('$', 1)` of <linux/perf_event.h>. */
const PERF_EVENT_IOC_DISABLE = 0x2401
const CLOEXEC = 1
const FSCONFIG_CMD_CREATE = 6

const MOUNTS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']

/** Tracefs, wherever it is: where it is not mounted, a mount of our own that nobody else sees, until `close`. */
export class Tracefs {
  readonly #root: string
  readonly #own: number | null

  /** Throws where it is not mounted and cannot be. */
  constructor() {
    const mounted = MOUNTS.find(isTracefs)
    this.#own = mounted === undefined ? mountDetached('tracefs') : null
    this.#root = mounted ?? `/proc/self/fd/${this.#own}`
  }

  /** What `format` of a tracepoint such as `sock/inet_sock_set_state` says. Throws where there is none. */
  format(tracepoint: string): string {
    return this.#read(tracepoint, 'format')
  }

  /** A file descriptor of an event that runs whatever program is attached to it at each pass through a tracepoint. */
  openEvent(tracepoint: string): number {
    const attributes = { type: PERF_TYPE_TRACEPOINT, size: koffi.sizeof(EventAttributes), config: this.#id(tracepoint) }
    const fd = Number(perfEventOpen(SYS_PERF_EVENT_OPEN, attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC))
    if (fd >= 0) return fd
    const reason = errnoName(koffi.errno())
    throw new Error(`perf_event_open for ${tracepoint}: ${reason}${reason === 'EACCES' ? paranoia() : ''}`)
  }

  close(): void {
    if (this.#own !== null) closeSync(this.#own)
  }

  #id(tracepoint: string): number {
    return Number(this.#read(tracepoint, 'id'))
  }

  #read(tracepoint: string, file: string): string {
    const path = `${this.#root}/events/${tracepoint}/${file}`
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : error
      throw new Error(code === 'ENOENT' ? `this kernel has no tracepoint ${tracepoint}` : `reading ${path}: ${code}`)
    }
  }
}

/**
 * Ends what an event would do for itself on its processor, for nobody reads it. The program that is attached to it runs
 * all the same, on all processors.
 */
export function stopRecording(event: number): void {
  ioctl(event, PERF_EVENT_IOC_DISABLE, 0)
}

/** Whether tracefs is mounted there. Throws where that may not be looked at. */
function isTracefs(path: string): boolean {
  try {
    return statSync(`${path}/events`).isDirectory()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') {
      throw new Error(`no permission to read ${path}: CAP_DAC_READ_SEARCH is missing`)
    }
    return false
  }
}

/** Debian's kernels have a level of their own, and set it, at which it takes more than CAP_PERFMON. */
const LEVEL_OF_DEBIAN = 3

/** A word on kernel.perf_event_paranoid where that may be why an event is refused. */
function paranoia(): string {
  const level = Number(readFileSync('/proc/sys/kernel/perf_event_paranoid', 'utf8'))
  return level < LEVEL_OF_DEBIAN ? '' : ` (kernel.perf_event_paranoid is ${level}, which takes CAP_SYS_ADMIN)`
}

/** Offset of a field in the records of a tracepoint, from the text of its `format`; null: it has none of that name. */
export function fieldOffset(format: string, field: string): number | null {
  const found = new RegExp(`\\b${field}(?:\\[\\d+\\])?;\\s*offset:(\\d+);`).exec(format)?.[1]
  return found === undefined ? null : Number(found)
}

/** Mounts a file system nowhere (fsmount(2), 5.2): it exists behind the returned file descriptor only. */
function mountDetached(type: string): number {
  const failed = (step: string) => new Error(`${type} is not mounted, and ${step} failed: ${errnoName(koffi.errno())}`)
  const context = Number(fsopen(SYS_FSOPEN, type, CLOEXEC))
  if (context < 0) throw failed('fsopen')
  try {
    if (Number(fsconfig(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0)) < 0) throw failed('fsconfig')
    const mount = Number(fsmount(SYS_FSMOUNT, context, CLOEXEC, 0))
    if (mount < 0) throw failed('fsmount')
    return mount
  } finally {
    closeSync(context)
  }
}
