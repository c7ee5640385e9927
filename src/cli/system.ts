import { accessSync, constants, readFileSync, statSync } from 'node:fs'

/** What the command line has to ask the machine. */
export interface System {
  /** The process that `pid` belongs to: itself, or another one where it is a thread; null where there is none. */
  processOf(pid: number): number | null
  /** `file` is a file that may be read. */
  isReadableFile(file: string): boolean
}

export const system: System = {
  processOf(pid) {
    try {
      const tgid = /^Tgid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      return tgid === undefined ? null : Number(tgid)
    } catch {
      return null
    }
  },
  isReadableFile(file) {
    try {
      accessSync(file, constants.R_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  },
}
