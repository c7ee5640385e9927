import { opendirSync, readFileSync, readlinkSync } from 'node:fs'

/** Threads that are asked in the place of a main thread that has ended; any one that lives will do. */
const MOST_THREADS = 4

/**
 * What a link of a process in /proc says, such as `ns/net`. Where its main thread has ended, that of another thread: the
 * process goes on, and has the same. null: it has ended, or must not be read.
 */
export function readProcessLink(pid: number | string, name: string): { path: string; target: string } | null {
  for (const folder of foldersOf(pid)) {
    const path = `${folder}/${name}`
    try {
      return { path, target: readlinkSync(path) }
    } catch {}
  }
  return null
}

/** Open files of a process. */
export interface Descriptors {
  readonly folder: string
  /** In ascending order. */
  readonly numbers: readonly number[]
  /** There are no others. */
  readonly isWhole: boolean
}

/** The lowest `most` descriptors of a process; null: it has none, or they must not be read. */
export function readDescriptors(pid: number, most: number): Descriptors | null {
  for (const base of foldersOf(pid)) {
    const folder = `${base}/fd`
    try {
      const names = readNames(folder, most + 1)
      if (names.length === 0) continue
      return { folder, numbers: names.slice(0, most).map(Number), isWhole: names.length <= most }
    } catch {}
  }
  return null
}

/** Above all descriptors of a process, given by their folder; 0: it has ended. */
export function descriptorLimit(folder: string): number {
  try {
    return Number(/^FDSize:\s*(\d+)$/m.exec(readFileSync(`${folder}/../status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** The first names of a folder, `most` at most: it may hold more of them than there is time for. */
function readNames(folder: string, most: number): string[] {
  const directory = opendirSync(folder, { bufferSize: Math.min(most, 256) })
  try {
    const names: string[] = []
    for (let entry = directory.readSync(); entry !== null && names.length < most; entry = directory.readSync())
      names.push(entry.name)
    return names
  } finally {
    directory.closeSync()
  }
}

/** The folder of a process, then those of some of its other threads. */
function* foldersOf(pid: number | string): Generator<string, void> {
  yield `/proc/${pid}`
  try {
    for (const thread of readNames(`/proc/${pid}/task`, MOST_THREADS)) {
      if (thread !== String(pid)) yield `/proc/${pid}/task/${thread}`
    }
  } catch {}
}
