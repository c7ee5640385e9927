/** Control groups of version 2 that go with the test. Their names may be any bytes, so paths are bytes. */

import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { run } from './network.ts'

/** A new group below others, which are new as well. */
export function makeGroup(...names: readonly (string | Buffer)[]): Buffer {
  let folder: Buffer = Buffer.from(mountGroups())
  for (const name of names) {
    folder = within(folder, name)
    make(folder)
  }
  return folder
}

/** Writes a file of a group, such as `cgroup.procs`. */
export function writeGroup(folder: Buffer, file: string, content: string | number): void {
  writeFileSync(within(folder, file), String(content))
}

/** Wherever this machine has them. */
function mountGroups(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-groups-'))
  run('mount', '-t', 'cgroup2', 'none', folder)
  onTestFinished(() => {
    run('umount', folder)
    rmdirSync(folder)
  })
  return folder
}

function make(folder: Buffer): void {
  mkdirSync(folder)
  onTestFinished(async () => {
    // a process that was killed is in its group until it is gone
    for (let left = 100; left > 0; left--) {
      try {
        rmdirSync(folder)
        return
      } catch {
        await setTimeout(50)
      }
    }
  })
}

function within(folder: Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), Buffer.from(name)])
}
