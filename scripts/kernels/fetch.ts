/** Gets Debian kernels of any release without installing them. */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Apt, type DebianArchitecture } from './apt.ts'

/** Where unpacked packages are kept; `npm ci` would empty node_modules. */
export const CACHE = path.join(import.meta.dirname, '../../.cache/kernels')

/** Packages that a kernel package is made of, by their names. */
const PARTS = /^linux-(?:image|binary|modules|base)-/

export interface DebianKernel {
  readonly name: string
  readonly suite: string
  readonly package: string
  /** Package with the libbpf of that release, where the tests are to use it and not that of this machine. */
  readonly libbpf?: string
  readonly architecture: DebianArchitecture
}

/** Folder with the unpacked kernel, downloaded if it is not there yet. Throws where apt-get fails. */
export function fetchKernel(kernel: DebianKernel): string {
  const folder = path.join(CACHE, `${kernel.name}-${kernel.architecture}`)
  if (existsSync(folder)) return folder
  make(folder, (unpacked, work) => {
    const apt = new Apt(work, kernel.suite, kernel.architecture)
    for (const name of partsOf(apt, kernel.package)) apt.unpack(name, unpacked)
    if (kernel.libbpf !== undefined) apt.unpack(kernel.libbpf, unpacked)
  })
  return folder
}

/** Fills a new folder and puts it in its place when all of it is there. */
export function make(folder: string, fill: (made: string, work: string) => void): void {
  mkdirSync(path.dirname(folder), { recursive: true })
  const made = `${folder}.new`
  const work = mkdtempSync(path.join(tmpdir(), 'ebpf-top-apt-'))
  try {
    rmSync(made, { recursive: true, force: true })
    mkdirSync(made)
    fill(made, work)
    rmSync(folder, { recursive: true, force: true })
    renameSync(made, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The package and those it depends on that hold parts of the kernel. */
function partsOf(apt: Apt, name: string): string[] {
  const found = new Set([name])
  for (const part of found) {
    for (const wanted of apt.dependencies(part)) if (PARTS.test(wanted) && /\d/.test(wanted)) found.add(wanted)
  }
  return [...found]
}
