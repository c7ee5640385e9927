/** Compiles C with clang: BPF objects, and the programs that the tests watch. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.dirname(import.meta.dirname)
const bpf = path.join(root, 'bpf')
const workloads = path.join(root, 'test/workloads')

/** As Node names them. */
export type Architecture = 'x64' | 'arm64'

/** As libbpf's headers name the architecture whose registers and system calls a program means. */
const TARGET = { x64: 'x86', arm64: 'arm64' } as const

/** As the GNU tools name them. */
export const GNU = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const

export const bpfSources: readonly string[] = readdirSync(bpf).filter(name => name.endsWith('.bpf.c'))

/** Tracers that are tables of their own, from objects as users write them. */
export const tracerSources: readonly string[] = readdirSync(path.join(bpf, 'tracers'))

export const workloadNames: readonly string[] = readdirSync(workloads)
  .filter(name => name.endsWith('.c'))
  .map(name => path.basename(name, '.c'))

/** The architecture that this runs on; throws where there are no BPF programs for it. */
export function ownArchitecture(): Architecture {
  const { arch } = process
  if (arch !== 'x64' && arch !== 'arm64') throw new Error(`the BPF programs are not written for ${arch}`)
  return arch
}

/**
 * Compiles one of `bpfSources` into a folder. -g: with BTF, from which the program takes every layout; -mcpu=v3: atomic
 * operations with results. Compatible mode does without them, for kernels before 5.12.
 */
export function compileBpf(source: string, architecture: Architecture, folder: string): void {
  const instructions = source.startsWith('compat_') ? 'v2' : 'v3'
  const object = path.join(folder, source.replace(/c$/, 'o'))
  clang(
    ...['-target', 'bpf', `-mcpu=${instructions}`, '-g', `-D__TARGET_ARCH_${TARGET[architecture]}`],
    ...['-I', 'bpf', '-c', path.join('bpf', source), '-o', object],
  )
  if (statSync(object).size === 0) throw new Error(`clang left ${object} empty`)
}

/** Compiles one of `tracerSources` into the folder `tracers` of another one. */
export function compileTracer(source: string, architecture: Architecture, folder: string): void {
  const object = path.join(folder, 'tracers', source.replace(/c$/, 'o'))
  mkdirSync(path.dirname(object), { recursive: true })
  clang(
    ...['-target', 'bpf', '-mcpu=v3', '-g', `-D__TARGET_ARCH_${TARGET[architecture]}`, '-I', 'bpf'],
    ...['-c', path.join('bpf/tracers', source), '-o', object],
  )
}

/** Writes what users write tracers with into a folder: a tracer to begin with, and the header alone, without what it includes. */
export function writeTracerHeader(folder: string): void {
  copyFileSync(path.join(bpf, 'new_tracer.c'), path.join(folder, 'new_tracer.c'))
  const header = readFileSync(path.join(bpf, 'ebpf_top.bpf.h'), 'utf8')
  const [whole, name = ''] = /^#include "(.*)"\n/m.exec(header) ?? ['']
  const included = readFileSync(path.join(bpf, name), 'utf8').replace(/^\/\* SPDX.*\n/, '')
  writeFileSync(
    path.join(folder, 'ebpf_top.bpf.h'),
    header.replace(whole, () => included),
  )
}

/** Programs that do in processes of their own what the program itself should not, by the names that they get. */
export const HELPERS: Readonly<Record<string, string>> = {
  facts: 'src/facts/helper.c',
  diag: 'src/tracers/connections/compat/diag.c',
  keeper: 'src/leave-root/keeper.c',
}

/** Compiles these programs into a folder. They take no C library. */
export function compileHelpers(architecture: Architecture, folder: string, more: readonly string[] = []): void {
  const foreign = architecture === ownArchitecture() ? [] : [`--target=${GNU[architecture]}`]
  const bare = ['-O2', '-static', '-nostdlib', '-ffreestanding', '-fno-builtin', '-fno-stack-protector', '-s']
  for (const [name, source] of Object.entries(HELPERS)) {
    clang(...foreign, ...more, ...bare, '-o', path.join(folder, name), source)
  }
}

/** Compiles a program of test/workloads into a folder; for another architecture it takes that one's C library. */
export function compileWorkload(name: string, folder: string, architecture: Architecture = ownArchitecture()): void {
  const foreign = architecture === ownArchitecture() ? [] : [`--target=${GNU[architecture]}`, '-static']
  clang(...foreign, '-pthread', '-o', path.join(folder, name), path.join(workloads, `${name}.c`))
}

/** Its name, once it was looked for. */
let compiler: string | null = null

/**
 * Runs the newest clang there is, in the root of the checkout. A function that the headers do not declare is an error,
 * since a BPF program would call something else; other warnings are errors where EBPF_TOP_STRICT is set, for the tests.
 */
export function clang(...args: readonly string[]): void {
  const strict = (process.env.EBPF_TOP_STRICT ?? '') === '' ? [] : ['-Werror']
  const warnings = ['-Wall', '-Wno-unused-function', '-Werror=implicit-function-declaration', ...strict]
  compiler ??= execFileSync('sh', [path.join(root, 'scripts/clang.sh'), '--which'], { encoding: 'utf8' }).trim()
  // the place of the checkout stands in nothing that is compiled
  const place = `-ffile-prefix-map=${root}=.`
  execFileSync(compiler, ['-O2', place, ...warnings, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}
