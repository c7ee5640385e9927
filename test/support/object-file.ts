/** BPF objects made by hand: type information, maps and variables, whatever no compiler writes. */

import { readTracer, type TracerFile } from '../../src/tracers/object/tracer-file.ts'

const KIND = { int: 1, pointer: 2, array: 3, struct: 4, union: 5, enum: 6, typedef: 8, volatile: 9, const: 10 } as const
const VARIABLE = 14
const DATA_SECTION = 15
const FLOAT = 16
const DECL_TAG = 17
const ENUM64 = 19

/** A member of a struct; `bits`: it is a bit field, at this bit. */
export interface MadeMember {
  readonly name: string
  readonly type: number
  /** In bits. */
  readonly at: number
  readonly bits?: number
  readonly tags?: readonly string[]
}

/** Type information; what makes a type gives its number. */
export class MadeTypes {
  readonly #types: Buffer[] = []
  #strings = Buffer.from('\0')
  readonly #sections = new Map<string, number[]>()

  int(name: string, size: number, encoding: 'unsigned' | 'signed' | 'char' | 'bool' = 'unsigned'): number {
    const flags = { unsigned: 0, signed: 1, char: 2, bool: 4 }[encoding]
    return this.add(name, KIND.int, 0, size, Uint32Array.of((flags << 24) | (size * 8)))
  }

  float(name: string, size: number): number {
    return this.add(name, FLOAT, 0, size)
  }

  pointer(to: number): number {
    return this.add('', KIND.pointer, 0, to)
  }

  array(of: number, count: number): number {
    return this.add('', KIND.array, 0, 0, Uint32Array.of(of, of, count))
  }

  typedef(name: string, of: number): number {
    return this.add(name, KIND.typedef, 0, of)
  }

  volatile(of: number): number {
    return this.add('', KIND.volatile, 0, this.add('', KIND.const, 0, of))
  }

  struct(name: string, size: number, members: readonly MadeMember[], kind: 'struct' | 'union' = 'struct'): number {
    const hasBits = members.some(({ bits }) => bits !== undefined)
    const words = members.flatMap(each => [
      this.#text(each.name),
      each.type,
      hasBits ? ((each.bits ?? 0) << 24) | each.at : each.at,
    ])
    const number = this.add(name, KIND[kind], members.length, size, Uint32Array.from(words), hasBits)
    for (const [i, { tags = [] }] of members.entries()) {
      for (const tag of tags) this.add(tag, DECL_TAG, 0, number, Uint32Array.of(i))
    }
    return number
  }

  enum(name: string, constants: Readonly<Record<string, number>>, size: 4 | 8 = 4): number {
    const words = Object.entries(constants).flatMap(([constant, value]) =>
      size === 4
        ? [this.#text(constant), value >>> 0]
        : [this.#text(constant), value >>> 0, Math.floor(value / 2 ** 32) >>> 0],
    )
    const count = Object.keys(constants).length
    return this.add(
      name,
      size === 4 ? KIND.enum : ENUM64,
      count,
      size,
      Uint32Array.from(words),
      Object.values(constants).some(value => value < 0),
    )
  }

  /** A map as BPF programs define it. */
  map(name: string, type: number, key: number | null, value: number | null, entries: number): this {
    const int = this.int('int', 4, 'signed')
    const count = (number: number) => this.pointer(this.array(int, number))
    const members: [string, number][] = [
      ['type', count(type)],
      ['max_entries', count(entries)],
    ]
    if (key !== null) members.push(['key', this.pointer(key)])
    if (value !== null) members.push(['value', this.pointer(value)])
    const struct = this.struct(
      '',
      8 * members.length,
      members.map(([member, of], i) => ({ name: member, type: of, at: 64 * i })),
    )
    return this.variable('.maps', name, struct)
  }

  variable(section: string, name: string, type: number): this {
    const number = this.add(name, VARIABLE, 0, type, Uint32Array.of(1))
    this.#sections.set(section, [...(this.#sections.get(section) ?? []), number])
    return this
  }

  /** Any type; gives its number. */
  add(
    name: string,
    kind: number,
    count: number,
    sizeOrType: number,
    rest: Uint32Array = new Uint32Array(),
    flag = false,
  ): number {
    const head = Uint32Array.of(this.#text(name), (flag ? 2 ** 31 : 0) + (kind << 24) + count, sizeOrType)
    this.#types.push(Buffer.concat([bytesOf(head), bytesOf(rest)]))
    return this.#types.length
  }

  bytes(): Buffer {
    for (const [name, variables] of this.#sections) {
      this.add(name, DATA_SECTION, variables.length, 0, Uint32Array.from(variables.flatMap(number => [number, 0, 0])))
    }
    this.#sections.clear()
    const types = Buffer.concat(this.#types)
    const head = Buffer.alloc(24)
    head.writeUInt16LE(0xeb9f, 0)
    head.writeUInt8(1, 2)
    for (const [i, word] of [24, 0, types.length, types.length, this.#strings.length].entries()) {
      head.writeUInt32LE(word, 4 + 4 * i)
    }
    return Buffer.concat([head, types, this.#strings])
  }

  #text(text: string): number {
    if (text === '') return 0
    const at = this.#strings.length
    this.#strings = Buffer.concat([this.#strings, Buffer.from(`${text}\0`)])
    return at
  }
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength)
}

/** An ELF file for BPF with these types, and with constants of these bytes. */
export function madeObject(types: MadeTypes | Buffer, constants: Readonly<Record<string, Buffer>> = {}): Buffer {
  const sections: { name: string; type: number; bytes: Buffer; link?: number }[] = [
    { name: '', type: 0, bytes: Buffer.alloc(0) },
    { name: '.BTF', type: 1, bytes: types instanceof MadeTypes ? types.bytes() : types },
    { name: '.rodata', type: 1, bytes: Buffer.concat(Object.values(constants)) },
  ]
  let names = '\0'
  let at = 0
  const symbols = Object.entries(constants).map(([name, { length }]) => {
    const symbol = Buffer.alloc(24)
    symbol.writeUInt32LE(names.length, 0)
    symbol.writeUInt16LE(2, 6)
    symbol.writeBigUInt64LE(BigInt(at), 8)
    symbol.writeBigUInt64LE(BigInt(length), 16)
    names += `${name}\0`
    at += length
    return symbol
  })
  sections.push({ name: '.symtab', type: 2, bytes: Buffer.concat([Buffer.alloc(24), ...symbols]), link: 4 })
  sections.push({ name: '.strtab', type: 3, bytes: Buffer.from(names) })
  const texts = Buffer.from(`${sections.map(({ name }) => name).join('\0')}\0.shstrtab\0`)
  sections.push({ name: '.shstrtab', type: 3, bytes: texts })
  const head = Buffer.alloc(64)
  head.writeUInt32LE(0x464c457f, 0)
  head.set([2, 1, 1], 4)
  head.writeUInt16LE(247, 18)
  head.writeUInt16LE(64, 58)
  head.writeUInt16LE(sections.length, 60)
  head.writeUInt16LE(sections.length - 1, 62)
  let offset = 64
  let nameAt = 0
  const table = sections.map(({ name, type, bytes, link = 0 }) => {
    const entry = Buffer.alloc(64)
    entry.writeUInt32LE(nameAt, 0)
    entry.writeUInt32LE(type, 4)
    entry.writeBigUInt64LE(BigInt(offset), 24)
    entry.writeBigUInt64LE(BigInt(bytes.length), 32)
    entry.writeUInt32LE(link, 40)
    offset += bytes.length
    nameAt += name.length + 1
    return entry
  })
  head.writeBigUInt64LE(BigInt(offset), 40)
  return Buffer.concat([head, ...sections.map(({ bytes }) => bytes), ...table])
}

/** What `--tracer` of a file that nobody has would be. */
export function anyTracer(word: string, folder: string): TracerFile {
  try {
    return readTracer(word, folder)
  } catch {
    const name = word.replace(/^.*\/|(?:\.bpf)?\.o.*$/g, '')
    const object = { tables: [], knobs: [], hasControl: false, notes: [] }
    const map = {
      name,
      type: 1,
      perCpu: false,
      isArray: false,
      keySize: 4,
      valueSize: 4,
      entries: 1,
      fields: [],
      halves: null,
    }
    return { name, path: word, bytes: Buffer.alloc(0), object, isDelta: false, tables: [[name, map]] }
  }
}
