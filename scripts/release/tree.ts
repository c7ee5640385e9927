/** The files of an installed package, where distributions have them. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzip, write } from './archive.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completions.ts'
import { putDocuments } from './documents.ts'
import { manPage } from './man.ts'

const root = path.join(import.meta.dirname, '../..')

export interface Contents {
  readonly version: string
  /** Seconds since 1970. */
  readonly seconds: number
  readonly executable: Buffer
  /** Texts of the licences of all that is inside. */
  readonly licences: string
}

/** Writes all files below a folder; `zshFolder` is where the distribution's zsh looks. */
export function writeTree(folder: string, zshFolder: string, contents: Contents): void {
  const { version, seconds, executable, licences } = contents
  const put = (file: string, content: string | Uint8Array, mode?: number): void =>
    write(path.join(folder, file), content, mode)
  const ours = (file: string): Buffer => readFileSync(path.join(root, file))
  put('usr/bin/ebpf-top', executable, 0o755)
  put('usr/share/man/man8/ebpf-top.8.gz', gzip(Buffer.from(manPage(version, new Date(seconds * 1000)))))
  put('usr/share/bash-completion/completions/ebpf-top', bashCompletion())
  put(`${zshFolder}/_ebpf-top`, zshCompletion())
  put('usr/share/fish/vendor_completions.d/ebpf-top.fish', fishCompletion())
  put('usr/lib/systemd/system/ebpf-top.service', ours('deploy/systemd/ebpf-top.service'))
  // it may hold the password of a collector
  put('etc/ebpf-top/otel.env', ours('deploy/systemd/otel.env'), 0o600)
  put('usr/share/doc/ebpf-top/copyright', Buffer.concat([ours('LICENSE'), Buffer.from(licences)]))
  put('usr/share/doc/ebpf-top/changelog.gz', gzip(ours('CHANGELOG.md')))
  putDocuments((file, content) => put(`usr/share/doc/ebpf-top/${file}`, content))
}
