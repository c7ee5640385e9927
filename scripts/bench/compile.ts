/** The small programs that make work to be measured, compiled when they are first asked for. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clang, compileWorkload } from '../compile.ts'

const SOURCES = join(import.meta.dirname, 'programs')

/** Folder of the built program and of the BPF objects. */
export const DIST = join(import.meta.dirname, '../../dist')

let made: string | null = null

/** A folder of this run, gone with its end. */
export function workFolder(): string {
  if (made === null) {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-bench-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    made = folder
  }
  return made
}

/** Path of programs/NAME.c as a program; its process is called bench-NAME. */
export function program(name: string): string {
  return compile(join(workFolder(), `bench-${name}`), `${name}.c`, ['-pthread'])
}

/** Path of a program that the tests watch as well, test/workloads/NAME.c. */
export function workload(name: string): string {
  const path = join(workFolder(), name)
  if (!existsSync(path)) compileWorkload(name, workFolder())
  return path
}

/** Path of programs/NAME.bpf.c as a BPF object. */
export function bpfObject(name: string): string {
  return compile(join(workFolder(), `${name}.bpf.o`), `${name}.bpf.c`, ['-target', 'bpf', '-mcpu=v3', '-g', '-c'])
}

/** Path of a file of programs/ that needs no compiling. */
export function source(name: string): string {
  return join(SOURCES, name)
}

/** The built program's command line under this Node. */
export function ebpfTop(...args: readonly (string | number)[]): string[] {
  return [process.execPath, join(DIST, 'cli.js'), ...args.map(String)]
}

function compile(target: string, file: string, flags: readonly string[]): string {
  if (!existsSync(target)) clang(...flags, '-o', target, join(SOURCES, file))
  return target
}
