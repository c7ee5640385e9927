import type { Plugin } from 'esbuild'

/**
 * Bundles koffi as its native part alone, which lies beside the program, in a folder of the architecture, or is an open
 * file of the single executable (packaging/start.c). What else the npm package does is to find it, on all systems.
 */
export const ownKoffi: Plugin = {
  name: 'own-koffi',
  setup(build) {
    build.onResolve({ filter: /^koffi$/ }, ({ path }) => ({ path, namespace: 'own-koffi' }))
    build.onLoad({ filter: /.*/, namespace: 'own-koffi' }, () => ({
      contents: `import { join } from 'node:path'
import { isSea } from 'node:sea'
const native = { exports: {} }
process.dlopen(native, isSea() ? '/proc/self/fd/200' : join(import.meta.dirname, process.arch, 'koffi.node'))
export default native.exports
`,
      resolveDir: '.',
    }))
  },
}
