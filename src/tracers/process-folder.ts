import { readdirSync, readlinkSync } from 'node:fs'

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

/** The folder of the open files of a process, and their numbers; null: it has none, or must not be read. */
export function readDescriptors(pid: number): { folder: string; numbers: string[] } | null {
  for (const base of foldersOf(pid)) {
    const folder = `${base}/fd`
    try {
      const numbers = readdirSync(folder)
      if (numbers.length > 0) return { folder, numbers }
    } catch {}
  }
  return null
}

/** Folders of a process, then those of its threads. */
function* foldersOf(pid: number | string): Generator<string, void> {
  yield `/proc/${pid}`
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) yield `/proc/${pid}/task/${thread}`
  } catch {}
}
