import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { releaseProgramPages, setMallocOption } from '../bpf/kernel.ts'

/** Options of mallopt(3). */
const M_TRIM_THRESHOLD = -1
const M_MMAP_THRESHOLD = -3
const M_ARENA_MAX = -8

/** From so many bytes on memory is given back to the kernel when it is freed. */
const LARGE = 128 * 1024

/** By how many percent the heap may grow before it is collected. */
const HEAP_GROWTH = 40

/**
 * Keeps the program small. By default V8 lets both generations grow severalfold before it collects, and glibc holds what
 * several threads have freed for each of them, whereas a sample's garbage is some megabytes a second. These flags of V8
 * are read at each collection, so that they can be set while it runs; what they cost and save is in docs/cost.md.
 */
export function saveMemory(): void {
  letYoungGrow(false)
  // after each collection: a sample of many thousand sockets takes many, and V8 would double it at each of them
  new PerformanceObserver(() => letYoungGrow(isYoungSmall())).observe({ entryTypes: ['gc'] })
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`)
  setMallocOption(M_ARENA_MAX, 1)
  setMallocOption(M_MMAP_THRESHOLD, LARGE)
  setMallocOption(M_TRIM_THRESHOLD, LARGE)
}

/** Samples after which what is needed only once has been done: most of it, and all. */
const SETTLED: ReadonlySet<number> = new Set([1, 10])

/** To be called after each sample: what was mapped of Node's program file only to start need not stay. */
export function settle(samples: number): void {
  if (!SETTLED.has(samples)) return
  try {
    releaseProgramPages()
  } catch {
    // no more files may be open: they stay
  }
}

let resident = 0

/** Bytes of memory that the process has; where that cannot be asked for, as they were last. */
export function residentBytes(): number {
  try {
    resident = process.memoryUsage.rss()
  } catch {
    // no more files may be open
  }
  return resident
}

/**
 * Bytes of the young generation that suffice: what a sample makes fits in, and need not be copied several times over. Where
 * there is much, this part of all. V8 doubles it where that may grow, and would not stop before 16 MB.
 */
const YOUNG = 3.5e6
const YOUNG_SHARE = 1 / 8

function letYoungGrow(may: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`)
}

function isYoungSmall(): boolean {
  let young = 0
  let all = 0
  for (const { space_name, space_used_size, space_available_size } of getHeapSpaceStatistics()) {
    all += space_used_size
    if (space_name === 'new_space') young = space_used_size + space_available_size
  }
  return young < Math.max(YOUNG, YOUNG_SHARE * all)
}
