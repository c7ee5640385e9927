/** What comes with the program: beside it in a checkout, in a folder for each architecture in a package. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isSea } from 'node:sea'

const own = join(import.meta.dirname, process.arch)

/** Where the compiled BPF objects lie. */
export const OBJECT_FOLDER = existsSync(own) ? own : import.meta.dirname

/** The programs that do in processes of their own what this one should not, as open files of the single executable. */
const HELPERS = { facts: '/proc/self/fd/205', diag: '/proc/self/fd/206', keeper: '/proc/self/fd/207' } as const

/** Path of such a program, which comes with these objects. */
export function helperBeside(objects: string, name: keyof typeof HELPERS): string {
  return isSea() ? HELPERS[name] : join(objects, name)
}

/** All of them. */
export function helpersBeside(objects: string): string[] {
  return Object.keys(HELPERS).map(name => join(objects, name))
}

/**
 * Names of libbpf, in the order in which they are tried: this machine's, the newest first, then the one that is
 * shipped. The single executable brings its own, as an open file (packaging/start.c).
 */
export const LIBBPF: readonly string[] = isSea()
  ? ['/proc/self/fd/201']
  : ['libbpf.so.1', 'libbpf.so.0', join(own, 'libbpf.so.1')]
