/** What packages bring to read, laid out as in the checkout, so that the links in it lead somewhere. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')

/** Files and folders with all that is in them. */
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'LICENSE', 'docs', 'deploy']

/** Paths of all documents in the checkout, and in a package below the folder for them. */
export function documents(): readonly string[] {
  return DOCUMENTS.flatMap(name => {
    const at = path.join(root, name)
    if (!statSync(at).isDirectory()) return [name]
    const inside = readdirSync(at, { recursive: true, withFileTypes: true })
    return inside.filter(file => file.isFile()).map(file => path.relative(root, path.join(file.parentPath, file.name)))
  }).sort()
}

/** Hands each document to `put`, by its path. */
export function putDocuments(put: (file: string, content: Buffer) => void): void {
  for (const file of documents()) put(file, readFileSync(path.join(root, file)))
}
