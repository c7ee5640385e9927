/** BPF objects that tests compile, as users of the program do: with what is shipped alone. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OBJECTS } from './top.ts'

const SOURCES = join(import.meta.dirname, 'tracers')

let folder: string | null = null

/** Path of the compiled object. */
export function tracerObject(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'ebpf-top-tracers-'))
  const object = join(folder, `${name}.bpf.o`)
  const clang = execFileSync('sh', [join(import.meta.dirname, '../../scripts/clang.sh'), '--which'], {
    encoding: 'utf8',
  })
  const headers = [
    '-I',
    OBJECTS,
    '-idirafter',
    `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
  ]
  execFileSync(clang.trim(), [
    ...['-target', 'bpf', '-mcpu=v3', '-g', '-O2', '-Wall', '-Werror', ...headers],
    ...['-c', join(SOURCES, `${name}.bpf.c`), '-o', object],
  ])
  return object
}
