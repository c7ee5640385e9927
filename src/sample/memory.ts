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
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`)
  setMallocOption(M_ARENA_MAX, 1)
  setMallocOption(M_MMAP_THRESHOLD, LARGE)
  setMallocOption(M_TRIM_THRESHOLD, LARGE)
}

/** Samples after which all that is needed only once has been done. */
const SETTLED = 10

/**
 * Bytes of the young generation that suffice: what a sample makes fits in, and need not be copied several times over. V8
 * doubles it where that may grow, and would not stop before 16 MB.
 */
const YOUNG = 3.5e6

/** To be called after each sample: what was mapped of Node's program file only to start need not stay. */
export function settle(samples: number): void {
  if (samples === SETTLED) releaseProgramPages()
  letYoungGrow(youngBytes() < YOUNG)
}

function letYoungGrow(may: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`)
}

function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return young === undefined ? Infinity : young.space_available_size + young.space_used_size
}
