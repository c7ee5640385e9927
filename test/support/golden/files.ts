/** /proc and /sys as the tape has them. */

import type * as Fs from 'node:fs'
import { isRecording, isTold, lastOf, notesOf, type Outcome, theTape } from './tape.ts'

/** What changes with each look, or is of no account. */
const TAPED = /^\/(?:proc|sys)(?:$|\/(?!self\/(?:smaps|fd\/)))/

/** Descriptors that are no files. */
const FIRST = 1 << 20

interface Open {
  readonly path: string
  content: Buffer
}

export function mockFiles(actual: typeof Fs) {
  const open = new Map<number, Open>()
  let next = FIRST

  /** What a call gives, which is noted, or was. */
  const taped = <T>(name: string, path: string, call: () => T): T => {
    const key = `${name} ${path}`
    const pid = /^\/proc\/(\d+)/.exec(path)?.[1]
    if (isRecording() && pid !== undefined && !isTold(Number(pid)))
      throw Object.assign(new Error(path), { code: 'ENOENT' })
    if (isRecording()) {
      try {
        const value = call()
        notesOf(theTape().files)[key] ??= { value }
        return value
      } catch (error) {
        notesOf(theTape().files)[key] ??= { error: codeOf(error) }
        throw error
      }
    }
    const outcome = lastOf(theTape().files, key) ?? { error: 'ENOENT' }
    if ('error' in outcome) throw Object.assign(new Error(`${outcome.error}: ${key}`), { code: outcome.error })
    return (outcome as { value: T }).value
  }
  const isTaped = (path: unknown): path is string => typeof path === 'string' && TAPED.test(path)
  // what is mounted where is told to nobody
  const readText = (path: string): string =>
    taped('read', path, () => (path.endsWith('/mountinfo') ? '' : actual.readFileSync(path, 'utf8')))

  const list = (path: string): string[] =>
    taped('list', path, () =>
      actual.readdirSync(path).filter(name => path !== '/proc' || !/^\d+$/.test(name) || isTold(Number(name))),
    )

  return {
    ...actual,
    readFileSync: (path: string, ...rest: [BufferEncoding]) =>
      isTaped(path) ? readText(path) : actual.readFileSync(path, ...rest),
    readlinkSync: (path: string) =>
      isTaped(path) ? taped('link', path, () => actual.readlinkSync(path)) : actual.readlinkSync(path),
    readdirSync: (path: string) => (isTaped(path) ? list(path) : actual.readdirSync(path)),
    existsSync: (path: string) =>
      isTaped(path) ? taped('exists', path, () => actual.existsSync(path)) : actual.existsSync(path),
    statSync: (path: string) => {
      if (!isTaped(path)) return actual.statSync(path)
      const { ino, folder } = taped('stat', path, () => {
        const found = actual.statSync(path)
        return { ino: found.ino, folder: found.isDirectory() }
      })
      return { ino, isDirectory: () => folder }
    },
    opendirSync: (path: string, ...rest: [Fs.OpenDirOptions]) => {
      if (!isTaped(path)) return actual.opendirSync(path, ...rest)
      const names = [...list(path)]
      return {
        readSync: () => {
          const name = names.shift()
          return name === undefined ? null : { name }
        },
        closeSync() {},
      }
    },
    openSync: (path: string, flags: string) => {
      if (!isTaped(path)) return actual.openSync(path, flags)
      // one of a namespace is entered by it
      const isEntered = path.includes('/ns/')
      const content = Buffer.from(isEntered ? taped('open', path, () => '') : readText(path))
      const fd = isEntered && isRecording() ? actual.openSync(path, flags) : next++
      open.set(fd, { path, content })
      return fd
    },
    readSync: (fd: number, buffer: Uint8Array, offset = 0, length = buffer.length - offset) => {
      const file = open.get(fd)
      if (file === undefined) return actual.readSync(fd, buffer, offset, length, null)
      const part = file.content.subarray(0, length)
      buffer.set(part, offset)
      file.content = file.content.subarray(part.length)
      return part.length
    },
    fstatSync: (fd: number) => {
      const file = open.get(fd)
      if (file === undefined) return actual.fstatSync(fd)
      return { ino: taped('stat of', file.path, () => actual.fstatSync(fd).ino) }
    },
    closeSync: (fd: number) => {
      open.delete(fd)
      if (fd < FIRST) actual.closeSync(fd)
    },
    /** Path of an open file. */
    pathOf: (fd: number) => open.get(fd)?.path,
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

export type { Outcome }
