import { readFileSync } from 'node:fs'
import { setMallocOption } from '../bpf/kernel.ts'
import type { SelfUsage } from './sample.ts'

/** Options of mallopt(3). */
const M_TRIM_THRESHOLD = -1
const M_MMAP_THRESHOLD = -3
const M_ARENA_MAX = -8

/** From so many bytes on memory is given back to the kernel when it is freed. */
const LARGE = 128 * 1024

/** Keeps what is outside of V8's heap small: glibc holds what several threads have freed for each of them. */
export function saveMemory(): void {
  setMallocOption(M_ARENA_MAX, 1)
  setMallocOption(M_MMAP_THRESHOLD, LARGE)
  setMallocOption(M_TRIM_THRESHOLD, LARGE)
}

type Memory = Pick<SelfUsage, 'resident_bytes' | 'private_bytes'>

let last: Memory = { resident_bytes: 0, private_bytes: 0 }

/** Memory that the process has; where that cannot be asked for, as it was last. */
export function memoryUsage(): Memory {
  try {
    const kilobytes = /^RssAnon:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    last = { resident_bytes: process.memoryUsage.rss(), private_bytes: 1024 * Number(kilobytes) }
  } catch {
    // no more files may be open
  }
  return last
}
