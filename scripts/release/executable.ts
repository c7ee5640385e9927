/**
 * Node's executable with a program and libraries inside. To what Node's own segments hold, one segment is added: the code
 * of packaging/start.c, which runs first, the libraries, and the program as Node looks for it in single executables.
 * Symbols and sections, which nothing needs at run time, are left out.
 */

/** A shared library, which is a file of this descriptor when the program runs. */
export interface Library {
  /** By which Node asks for it; null: Node does not. */
  readonly name: string | null
  readonly descriptor: number
  /** It is a program of its own, which is executed. */
  readonly isProgram?: boolean
  readonly bytes: Uint8Array
}

/** Of <elf.h>. */
const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const PT_NOTE = 4
const PT_PHDR = 6
const PF_R_X = 5
const DT_NULL = 0
const DT_NEEDED = 1
const DT_STRTAB = 5
const DT_VERNEED = 0x6ffffffe
const DT_VERNEEDNUM = 0x6fffffff
const PHDR_SIZE = 56
const SHNUM_AND_INDEX = 60

/** Largest page of the architectures. */
const PAGE = 65_536
/** Room for the code of packaging/start.c, its header included, which is as large as there. */
const CODE_ROOM = 16_384
const HEADER_ROOM = 4096
/** Where in the header the paths of libraries stand: behind the struct. */
const PATHS_AT = 2048

/** Where Node finds out that it holds a program, and the name of the note that holds it. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:'
const NOTE_NAME = 'NODE_SEA_BLOB\0'

interface Segment {
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly address: number
  readonly fileSize: number
  readonly memorySize: number
  readonly align: number
}

/** Throws where Node is not linked as this expects. */
export function makeExecutable(
  node: Buffer,
  start: Uint8Array,
  program: Uint8Array,
  libraries: readonly Library[],
): Buffer {
  const segments = readSegments(node)
  const loads = segments.filter(({ type }) => type === PT_LOAD)
  const offset = align(Math.max(...loads.map(load => load.offset + load.fileSize)), PAGE)
  const address = align(Math.max(...loads.map(load => load.address + load.memorySize)), PAGE)
  const { bytes: added, offsets } = concatenate([
    Buffer.concat([start], CODE_ROOM),
    ...libraries.map(({ bytes }) => bytes),
    note(program),
  ])
  const file = Buffer.alloc(offset + added.length)
  node.copy(file, 0, 0, Math.max(...loads.map(load => load.offset + load.fileSize)))
  added.copy(file, offset)

  const header = file.subarray(offset, offset + HEADER_ROOM)
  const paths = writePaths(header, libraries)
  redirect(file, segments, new Map([...paths].map(([name, at]) => [name, address + at])))

  const noteAt = offsets.at(-1) ?? 0
  const noteSize = added.length - noteAt
  const own: Segment = { ...place(0, added.length), type: PT_LOAD, flags: PF_R_X, align: PAGE }
  const interpreter = only(segments, PT_INTERP)
  const written = segments
    .filter(segment => segment !== interpreter)
    .flatMap(segment => (segment === loads.at(-1) ? [segment, own] : [segment]))
    .map(segment => (segment.type === PT_NOTE ? { ...segment, ...place(noteAt, noteSize) } : segment))
  for (const [i, segment] of written.entries()) writeSegment(file, i, segment)
  writeHeader(header, {
    entry: Number(file.readBigUInt64LE(24)),
    ownHeader: only(segments, PT_PHDR).address + written.indexOf(own) * PHDR_SIZE,
    interpreter,
    libraries: libraries.map((library, i) => ({ ...library, offset: offsets[i + 1] ?? 0 })),
  })
  file.writeBigUInt64LE(BigInt(address + HEADER_ROOM), 24)
  file.writeBigUInt64LE(0n, 40)
  file.fill(0, SHNUM_AND_INDEX, SHNUM_AND_INDEX + 4)
  blow(file)
  return file

  function place(at: number, size: number): Omit<Segment, 'type' | 'flags' | 'align'> {
    return { offset: offset + at, address: address + at, fileSize: size, memorySize: size }
  }
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to
}

/** One after the other, each at a multiple of 16. */
function concatenate(parts: readonly Uint8Array[]): { bytes: Buffer; offsets: number[] } {
  const offsets: number[] = []
  let size = 0
  for (const part of parts) {
    offsets.push(size)
    size = align(size + part.length, 16)
  }
  const bytes = Buffer.alloc(size)
  for (const [i, part] of parts.entries()) bytes.set(part, offsets[i])
  return { bytes, offsets }
}

function note(content: Uint8Array): Buffer {
  const head = Buffer.alloc(12 + align(NOTE_NAME.length, 4))
  head.writeUInt32LE(NOTE_NAME.length, 0)
  head.writeUInt32LE(content.length, 4)
  head.write(NOTE_NAME, 12)
  return Buffer.concat([head, content], head.length + align(content.length, 4))
}

function readSegments(file: Buffer): Segment[] {
  const table = Number(file.readBigUInt64LE(32))
  return Array.from({ length: file.readUInt16LE(56) }, (_, i) => {
    const at = table + i * PHDR_SIZE
    const long = (field: number): number => Number(file.readBigUInt64LE(at + field))
    const [type, flags] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)]
    return {
      ...{ type, flags, offset: long(8), address: long(16) },
      ...{ fileSize: long(32), memorySize: long(40), align: long(48) },
    }
  })
}

function writeSegment(file: Buffer, index: number, segment: Segment): void {
  const at = Number(file.readBigUInt64LE(32)) + index * PHDR_SIZE
  file.writeUInt32LE(segment.type, at)
  file.writeUInt32LE(segment.flags, at + 4)
  const { offset, address, fileSize, memorySize } = segment
  const fields = [offset, address, address, fileSize, memorySize, segment.align]
  for (const [i, field] of fields.entries()) file.writeBigUInt64LE(BigInt(field), at + 8 + i * 8)
}

function only(segments: readonly Segment[], type: number): Segment {
  const [found, ...more] = segments.filter(segment => segment.type === type)
  if (found === undefined || more.length > 0) throw new Error(`Node has not one segment of type ${type}`)
  return found
}

/** Tells by name where in the header each path stands. */
function writePaths(header: Buffer, libraries: readonly Library[]): Map<string, number> {
  const paths = new Map<string, number>()
  let at = PATHS_AT
  for (const { name, descriptor } of libraries) {
    if (name === null) continue
    paths.set(name, at)
    at += header.write(`/proc/self/fd/${descriptor}\0`, at)
  }
  return paths
}

/** `struct header` of packaging/start.c. */
function writeHeader(
  header: Buffer,
  content: {
    readonly entry: number
    readonly ownHeader: number
    readonly interpreter: Segment
    readonly libraries: readonly (Library & { readonly offset: number })[]
  },
): void {
  const { entry, ownHeader, interpreter, libraries } = content
  const fields = [
    ...[entry, ownHeader, interpreter.address, interpreter.fileSize, libraries.length],
    ...libraries.flatMap(({ offset, bytes, descriptor, isProgram }) => [
      ...[offset, bytes.length, descriptor, isProgram === true ? 1 : 0],
    ]),
  ]
  for (const [i, field] of fields.entries()) header.writeBigUInt64LE(BigInt(field), i * 8)
}

/** Lets Node ask for libraries by other names, which stand at these addresses. */
function redirect(file: Buffer, segments: readonly Segment[], addresses: ReadonlyMap<string, number>): void {
  const dynamic = only(segments, PT_DYNAMIC)
  const tags: { readonly tag: number; readonly at: number; readonly value: number }[] = []
  for (let at = dynamic.offset; ; at += 16) {
    const tag = Number(file.readBigUInt64LE(at))
    if (tag === DT_NULL) break
    tags.push({ tag, at: at + 8, value: Number(file.readBigUInt64LE(at + 8)) })
  }
  const dynamicValue = (tag: number): number => {
    const found = tags.find(entry => entry.tag === tag)
    if (found === undefined) throw new Error(`Node has no dynamic tag ${tag}`)
    return found.value
  }
  const strings = dynamicValue(DT_STRTAB)
  const text = (at: number): string => {
    const begin = offsetOf(segments, strings + at)
    return file.toString('latin1', begin, file.indexOf(0, begin))
  }
  const missing = new Set(addresses.keys())
  for (const { tag, at, value } of tags) {
    const address = tag === DT_NEEDED ? addresses.get(text(value)) : undefined
    if (address === undefined) continue
    missing.delete(text(value))
    file.writeBigUInt64LE(BigInt(address - strings), at)
  }
  if (missing.size > 0) throw new Error(`Node does not need ${[...missing].join(', ')}`)
  // the versions of symbols that it wants of each, by the same name
  let at = offsetOf(segments, dynamicValue(DT_VERNEED))
  for (let i = 0; i < dynamicValue(DT_VERNEEDNUM); i++) {
    const address = addresses.get(text(file.readUInt32LE(at + 4)))
    if (address !== undefined) file.writeUInt32LE(address - strings, at + 4)
    at += file.readUInt32LE(at + 12)
  }
}

function offsetOf(segments: readonly Segment[], address: number): number {
  const segment = segments.find(
    ({ type, address: begin, fileSize }) => type === PT_LOAD && address >= begin && address < begin + fileSize,
  )
  if (segment === undefined) throw new Error(`Node has nothing at address ${address}`)
  return address - segment.address + segment.offset
}

/** Tells Node that it holds a program. */
function blow(file: Buffer): void {
  const at = file.indexOf(`${FUSE}0`)
  if (at < 0) throw new Error('this Node cannot be made a single executable')
  file.write('1', at + FUSE.length)
}
