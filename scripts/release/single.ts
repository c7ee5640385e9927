/** The single executable. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Architecture, HELPERS } from '../compile.ts'
import { type Library, makeExecutable } from './executable.ts'
import { compileStart, type Parts } from './parts.ts'

/**
 * Node with all files of a folder inside, of which cli.js is the program; native parts as open files. `program` has no
 * folder names in it, so that nothing of this machine comes into the file.
 */
export function singleExecutable(program: string, architecture: Architecture, parts: Parts): Buffer {
  const library = (name: string | null, descriptor: number, file: string): Library => ({
    ...{ name, descriptor },
    bytes: readFileSync(file),
  })
  return makeExecutable(readFileSync(parts.node), compileStart(architecture, parts.sysroot), blob(program), [
    // these, and the last one, are opened by their descriptors: src/bpf/shipped.ts, scripts/release/koffi.ts
    library(null, 200, parts.koffi),
    library(null, 201, parts.libbpf),
    ...Object.entries(parts.libraries).map(([name, file], i) => library(name, 202 + i, file)),
    ...Object.keys(HELPERS).map((name, i) => ({
      ...library(null, 205 + i, path.join(program, architecture, name)),
      isProgram: true,
    })),
  ])
}

/** The program as Node reads it; it is the same for all architectures. */
function blob(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter(name => name !== 'cli.js' && !(path.basename(name) in HELPERS))
    .sort()
  const settings = {
    ...{ main: 'cli.js', mainFormat: 'module', output: '../program.blob' },
    ...{ useVfs: true, disableExperimentalSEAWarning: true, execArgvExtension: 'none' },
    assets: Object.fromEntries(files.map(name => [name, name])),
  }
  const settingsFile = path.join(folder, '../program.json')
  writeFileSync(settingsFile, JSON.stringify(settings))
  execFileSync(process.execPath, ['--experimental-sea-config', '../program.json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return readFileSync(path.join(folder, '../program.blob'))
}
