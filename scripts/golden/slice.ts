/**
 * Writes the first types of this kernel's type information, and one more of each kind, for the tests of its decoder:
 * `node scripts/golden/slice.ts`.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TYPES = 300
const HEADER = 24
const TYPE = 12

const file = readFileSync('/sys/kernel/btf/vmlinux')
const start = HEADER + file.readUInt32LE(8)
const until = start + file.readUInt32LE(12)
const strings = HEADER + file.readUInt32LE(16)

/** Bytes behind the common part of a type, and where in each of them the offset of a name stands. */
function trailerOf(kind: number, count: number): { size: number; names: number[] } {
  const each = (size: number, named = true) => ({
    size: size * count,
    names: named ? Array.from({ length: count }, (_, i) => size * i) : [],
  })
  if ([1, 14, 17].includes(kind)) return { size: 4, names: [] }
  if (kind === 3) return { size: 12, names: [] }
  if ([4, 5, 19].includes(kind)) return each(12)
  if (kind === 15) return each(12, false)
  return [6, 13].includes(kind) ? each(8) : { size: 0, names: [] }
}

const texts = new Map<string, number>([['', 0]])
let size = 1

/** Where the text at an offset stands in the slice. */
function moved(offset: number): number {
  const at = strings + offset
  const text = file.toString('latin1', at, file.indexOf(0, at))
  const known = texts.get(text)
  if (known !== undefined) return known
  texts.set(text, size)
  size += text.length + 1
  return size - text.length - 1
}

const types: Buffer[] = []
const seen = new Set<number>()
for (let at = start, number = 1; at < until; number++) {
  const info = file.readUInt32LE(at + 4)
  const kind = (info >>> 24) & 0x1f
  const trailer = trailerOf(kind, info & 0xffff)
  const length = TYPE + trailer.size
  if (number <= TYPES || (!seen.has(kind) && length < 1000)) {
    const bytes = Buffer.from(file.subarray(at, at + length))
    for (const name of [0, ...trailer.names.map(offset => TYPE + offset)])
      bytes.writeUInt32LE(moved(bytes.readUInt32LE(name)), name)
    types.push(bytes)
    seen.add(kind)
  }
  at += length
}
const content = Buffer.concat(types)
const header = Buffer.from(file.subarray(0, HEADER))
header.writeUInt32LE(0, 8)
header.writeUInt32LE(content.length, 12)
header.writeUInt32LE(content.length, 16)
header.writeUInt32LE(size, 20)
const text = Buffer.from([...texts.keys()].map(each => `${each}\0`).join(''), 'latin1')
writeFileSync(join(import.meta.dirname, '../../test/golden/vmlinux.btf'), Buffer.concat([header, content, text]))
