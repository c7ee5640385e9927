/**
 * Builds dist/: the BPF objects with clang, the program with esbuild. A machine that only runs it needs no clang, no
 * kernel headers and of node_modules only koffi.
 */

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { bpfSources, compileBpf, compileHelpers, ownArchitecture } from './compile.ts'
import { quickStart } from './quick-start.ts'

const root = path.dirname(import.meta.dirname)
const dist = path.join(root, 'dist')
/** Where it is made: dist/ is replaced when all of it is there. */
const making = path.join(root, 'node_modules/.dist')

async function bundle(): Promise<void> {
  const entry = path.join(making, 'cli.js')
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli.ts'],
    outdir: making,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // the screen, the exporter and batch output each load what only they need
    splitting: true,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    // its ES module asks for gRPC by a `require` that a bundler does not see
    alias: {
      '@opentelemetry/otlp-grpc-exporter-base': './node_modules/@opentelemetry/otlp-grpc-exporter-base/dist/index.cjs',
    },
    // koffi is native code, found by Node itself; the React developer tools are never loaded
    external: ['koffi', 'react-devtools-core'],
    // packages in the older module format ask for Node's own modules by `require`
    banner: {
      js: "import { createRequire as ebpfTopRequire } from 'node:module'; const require = ebpfTopRequire(import.meta.url);",
    },
    plugins: [quickStart],
    logLevel: 'warning',
  })
  chmodSync(entry, 0o755)
}

async function buildAll(): Promise<void> {
  // Before all else: what changes while this runs will be built next time.
  const fingerprint = execFileSync('sh', [path.join(root, 'scripts/fingerprint.sh')])
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making)
  for (const source of bpfSources) compileBpf(source, ownArchitecture(), making)
  compileHelpers(ownArchitecture(), making)
  await bundle()
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
