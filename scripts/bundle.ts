/** Bundles the program with esbuild. */

import { chmodSync } from 'node:fs'
import path from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'
import { quickStart } from './quick-start.ts'

const root = path.dirname(import.meta.dirname)

export interface BundleSettings {
  readonly folder: string
  /** Plugins beside those of every build. */
  readonly plugins?: readonly Plugin[]
  /** Packages that stay outside, for Node to find. */
  readonly external?: readonly string[]
  readonly minify?: boolean
}

/** Writes cli.js and what it loads into a folder; tells what went in. */
export async function bundle({
  folder,
  plugins = [],
  external = [],
  minify = false,
}: BundleSettings): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli.ts'],
    outdir: folder,
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
    external: [...external],
    // packages in the older module format ask for Node's own modules by `require`
    banner: {
      js: "import { createRequire as ebpfTopRequire } from 'node:module'; const require = ebpfTopRequire(import.meta.url);",
    },
    plugins: [linuxOnly, quickStart, ...plugins],
    minify,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  })
  chmodSync(path.join(folder, 'cli.js'), 0o755)
  return metafile
}

/** Parts that Linux never runs: those of other systems, and the developer tools of React, which Ink loads with DEV. */
const linuxOnly: Plugin = {
  name: 'linux-only',
  setup(build) {
    const filter = /getMachineId-(bsd|darwin|win|unsupported)\.m?js$|^\.\/devtools\.js$/
    build.onResolve({ filter }, () => ({ path: 'data:text/javascript,', external: true }))
  },
}
