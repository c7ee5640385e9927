/** Folders, and archives of them, that are the same bytes on every machine. */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, lutimesSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

/** Seconds since 1970 of everything that a release holds. */
export interface Epoch {
  readonly seconds: number
}

/** Writes a file and makes its folders. */
export function write(file: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}

/** Gives a folder and all that is in it the same time, and folders the same rights. */
export function settle(folder: string, { seconds }: Epoch): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isDirectory()) chmodSync(file, 0o755)
    lutimesSync(file, seconds, seconds)
  }
  chmodSync(folder, 0o755)
  lutimesSync(folder, seconds, seconds)
}

/** A tar archive of entries of a folder, all owned by root. */
export function tar(folder: string, entries: readonly string[], { seconds }: Epoch, prefix = ''): Buffer {
  return execFileSync(
    'tar',
    [
      ...['-c', '--format=ustar', '--sort=name', `--mtime=@${seconds}`, '--owner=0', '--group=0', '--numeric-owner'],
      ...(prefix === '' ? [] : [`--transform=flags=r;s,^,${prefix},`]),
      ...['-C', folder, ...entries],
    ],
    { maxBuffer: 2 ** 30 },
  )
}

/** Without name and time. */
export function gzip(content: Uint8Array): Buffer {
  return gzipSync(content, { level: 9 })
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** As sha256sum(1) writes and reads it. */
export function sums(folder: string): string {
  return readdirSync(folder)
    .filter(name => name !== 'SHA256SUMS')
    .sort()
    .map(name => `${sha256(readFileSync(path.join(folder, name)))}  ${name}\n`)
    .join('')
}
