/**
 * Packages do work that this program never needs, some of it slow, most of it when they are loaded. Here it is left out
 * of the bundle. Each replacement names the exact text, so that a new version of a package cannot slip past unnoticed.
 */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Plugin } from 'esbuild'

interface Replacement {
  /** The end of the file's path. */
  readonly file: string
  readonly text: string
  readonly by: string
}

const REPLACEMENTS: readonly Replacement[] = [
  {
    // sorts and indexes the licences of SPDX, to check the package.json that it is not given
    file: 'meow/build/dependencies.js',
    text: 'var normalizeExports = requireNormalize();\nconst normalizePackageData = getDefaultExportFromCjs(normalizeExports);',
    by: 'const normalizePackageData = data => data;',
  },
  {
    // reads its own code through fetch, for which Node loads a whole HTTP client
    file: 'yoga-layout/dist/binaries/yoga-wasm-base64-esm.js',
    text: 'w||"function"!=typeof fetch?',
    by: 'true?',
  },
  {
    // lays everything out, for which it measures each text; the texts one below the other take nothing from that
    file: 'ink/build/ink.js',
    text: 'this.rootNode.onComputeLayout = this.calculateLayout;',
    by: '',
  },
  {
    // takes each text apart to clean it; ours are clean (`sanitize` in src/text/text.ts)
    file: 'ink/build/squash-text-nodes.js',
    text: "text = sanitizeAnsi(text.replaceAll('\\r\\n', '\\n'));",
    by: '',
  },
  lazySegmenter('string-width/index.js', 'new Intl.Segmenter()'),
  lazySegmenter('wrap-ansi/index.js', 'new Intl.Segmenter()'),
  lazySegmenter(
    '@alcalzone/ansi-tokenize/build/tokenize.js',
    'new Intl.Segmenter(undefined, { granularity: "grapheme" })',
  ),
  lazySegmenter('ink/build/line-update.js', "new Intl.Segmenter(undefined, { granularity: 'grapheme' })"),
]

/** ICU takes some 20 ms for the first of these, and they are made when they are first asked. */
function lazySegmenter(file: string, make: string): Replacement {
  const by = `let madeSegmenter;\nconst segmenter = { segment: text => (madeSegmenter ??= ${make}).segment(text) };`
  return { file, text: `const segmenter = ${make};`, by }
}

export const quickStart: Plugin = {
  name: 'quick-start',
  setup(build) {
    const files = new Set(REPLACEMENTS.map(({ file }) => file))
    for (const file of files) {
      const filter = new RegExp(`/node_modules/${RegExp.escape(file)}$`)
      build.onLoad({ filter }, async ({ path: loaded }) => ({
        contents: replaced(await readFile(loaded, 'utf8'), file),
        resolveDir: path.dirname(loaded),
      }))
    }
  },
}

function replaced(source: string, file: string): string {
  return REPLACEMENTS.filter(replacement => replacement.file === file).reduce((text, { text: old, by }) => {
    if (text.split(old).length !== 2) throw new Error(`${file} does not hold once: ${old}`)
    return text.replace(old, () => by)
  }, source)
}
