/**
 * What a package does when it is loaded, and this program never needs, is left out of the bundle where that saves more
 * than 20 ms of a start (docs/decisions/packages-as-published.md). The exact text is named, so that a new version of the
 * package cannot slip past unnoticed.
 */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Plugin } from 'esbuild'

/** It sorts and indexes the licences of SPDX, to check the package.json that it is not given. */
const MEOW = {
  file: /\/node_modules\/meow\/build\/dependencies\.js$/,
  text: 'var normalizeExports = requireNormalize();\nconst normalizePackageData = getDefaultExportFromCjs(normalizeExports);',
  by: 'const normalizePackageData = data => data;',
}

export const quickStart: Plugin = {
  name: 'quick-start',
  setup(build) {
    build.onLoad({ filter: MEOW.file }, async ({ path: loaded }) => {
      const source = await readFile(loaded, 'utf8')
      if (source.split(MEOW.text).length !== 2) throw new Error(`${loaded} does not hold once: ${MEOW.text}`)
      return { contents: source.replace(MEOW.text, () => MEOW.by), resolveDir: path.dirname(loaded) }
    })
  },
}
