import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { OBJECT_FOLDER } from '../bpf/shipped.ts'
import { askForUser, isRoot, readAccounts, type User, userNamed } from '../rights/user.ts'
import { readTracer, type TracerFile } from '../tracers/object/tracer-file.ts'

/** What the command line has to ask the machine. */
export interface System {
  /** The process that `pid` belongs to: itself, or another one where it is a thread; null where there is none. */
  processOf(pid: number): number | null
  /** `file` is a file that may be read. */
  isReadableFile(file: string): boolean
  /**
   * The tracer that `--tracer` calls so.
   * @throws TracerFault for whatever is wrong with it
   */
  tracer(word: string): TracerFile
  /** The program was started as root. */
  isRoot(): boolean
  /** A user by name or id, who is not root; null: there is none. */
  user(name: string): User | null
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
  tracer: word => readTracer(word, OBJECT_FOLDER),
  isRoot,
  user(name) {
    const accounts = readAccounts()
    return userNamed(name, accounts) ?? userNamed(name, { ...accounts, passwd: askForUser(name) })
  },
}
