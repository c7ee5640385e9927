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
    // takes a text apart for a single sign beyond ASCII, such as that of the sorted column or that of microseconds: a
    // third of what Ink needs for a frame. One cell each, as src/table/format.ts has them
    file: 'string-width/index.js',
    text: 'if (/^[\\u0020-\\u007E]*$/.test(string)) {',
    by: 'if (/^[\\x20-\\x7e\\xa1-\\xac\\xae-\\xff…“”←↑→↓█▲▼]*$/.test(string)) {',
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
