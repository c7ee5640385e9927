/**
 * Builds dist/: the BPF objects with clang, the program with esbuild. A machine that only runs it needs no clang, no
 * kernel headers and of node_modules only koffi.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { bundle } from './bundle.ts'
import {
  bpfSources,
  compileBpf,
  compileHelpers,
  compileTracer,
  ownArchitecture,
  tracerSources,
  writeTracerHeader,
} from './compile.ts'

const root = path.dirname(import.meta.dirname)
const dist = path.join(root, 'dist')
/** Where it is made: dist/ is replaced when all of it is there. */
const making = path.join(root, 'node_modules/.dist')

async function buildAll(): Promise<void> {
  // Before all else: what changes while this runs will be built next time.
  const fingerprint = execFileSync('sh', [path.join(root, 'scripts/fingerprint.sh')])
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making)
  for (const source of bpfSources) compileBpf(source, ownArchitecture(), making)
  for (const source of tracerSources) compileTracer(source, ownArchitecture(), making)
  writeTracerHeader(making)
  compileHelpers(ownArchitecture(), making)
  // koffi is native code, found by Node itself
  await bundle({ folder: making, external: ['koffi'] })
  writeFileSync(path.join(making, '.built'), fingerprint)
  rmSync(dist, { recursive: true, force: true })
  renameSync(making, dist)
}

try {
  await buildAll()
} catch (error) {
  // clang and esbuild have said what is wrong and where
  console.error(`build: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`)
  process.exitCode = 1
}
