/** From types to fields: structs in structs are one list, arrays of characters are text. */

import { Kind, type Type } from '../../bpf/btf/types.ts'
import { type FieldShape, type Form, MEANINGS, type Tags } from './field.ts'

/** Types of types, and structs in structs: nobody writes so many. */
const DEEPEST = 32

/** Fields of a table. */
const MOST_FIELDS = 128

/** Bytes of a key or value; the kernel takes no longer key. */
const LARGEST = 1 << 16

/** Structs and members that are looked at for a key or value, however empty. */
const MOST_PLACES = 4096

/** Elements of an array that are told one by one. */
const LONGEST_LIST = 64

/** Bytes that are told as digits. */
export const LONGEST_HEX = 64

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

const SIGNED = 1
const CHARACTER = 2
const BOOLEAN = 4

/** The histogram of ebpf_top.bpf.h, and its size: see bpf/ebpf_top.bpf.h. */
export const HISTOGRAM = { name: 'eb_histogram', size: 16 + 4 * 44 * 8 } as const

/** A member of a struct, or a whole key or value. */
interface Place {
  readonly path: string
  readonly type: number
  readonly bitOffset: number
  readonly bits: number
  readonly tags: Tags
  readonly depth: number
}

/** Reads the types of one object. All that it throws is a RangeError that says what is wrong with them. */
export class FieldReader {
  readonly #types: readonly Type[]
  /** What tags say, by the number of a type and of its member. */
  readonly #tags = new Map<string, string[]>()
  #places = 0

  constructor(types: readonly Type[]) {
    this.#types = types
    for (const { kind, name, sizeOrType, detail } of types) {
      if (kind !== Kind.DeclTag) continue
      const of = `${sizeOrType} ${detail}`
      const known = this.#tags.get(of)
      if (known === undefined) this.#tags.set(of, [name])
      else known.push(name)
    }
  }

  /** The fields of a key or value; `name`: what it is called if it is one number. */
  fields(type: number, part: FieldShape['part'], name: string): FieldShape[] {
    const size = this.sizeOf(type)
    if (size > LARGEST) throw new RangeError(`its ${part} takes ${size} bytes`)
    const fields: FieldShape[] = []
    this.#places = 0
    this.#add(fields, part, { path: '', type, bitOffset: 0, bits: 0, tags: {}, depth: 0 }, name)
    for (const { id, offset, size: length } of fields) {
      if (offset < 0 || offset + length > size) throw new RangeError(`its type is damaged: ${id} lies outside of it`)
    }
    return fields
  }

  /** Bytes that a type takes. */
  sizeOf(number: number, depth = 0): number {
    const { type } = this.resolve(number, depth)
    switch (type.kind) {
      case Kind.Array: {
        const { type: of, count } = type.element ?? { type: 0, count: 0 }
        return count * this.sizeOf(of, depth + 1)
      }
      case Kind.Pointer:
        return 8
      case Kind.Int:
      case Kind.Struct:
      case Kind.Union:
      case Kind.Enum:
      case Kind.Enum64:
      case Kind.Float:
        return type.sizeOrType
      default:
        throw new RangeError(`its type is damaged: number ${number} has no size`)
    }
  }

  /** The type behind typedefs and qualifiers, and the names of the typedefs on the way. */
  resolve(number: number, depth = 0): { readonly type: Type; readonly names: readonly string[]; readonly at: number } {
    const names: string[] = []
    for (let at = number, steps = depth; steps <= DEEPEST; steps++) {
      const type = this.#types[at]
      if (type === undefined) throw new RangeError(`its type is damaged: there is no number ${at}`)
      switch (type.kind) {
        case Kind.Typedef:
          names.push(type.name)
          at = type.sizeOrType
          break
        case Kind.Volatile:
        case Kind.Const:
        case Kind.Restrict:
        case Kind.TypeTag:
          at = type.sizeOrType
          break
        default:
          return { type, names, at }
      }
    }
    throw new RangeError(`its type is damaged: number ${number} is made of itself`)
  }

  #add(fields: FieldShape[], part: FieldShape['part'], place: Place, alone: string): void {
    if (place.depth > DEEPEST || ++this.#places > MOST_PLACES) throw new RangeError('its type is too deep or too large')
    const { type, names, at } = this.resolve(place.type)
    const isHistogram = type.name === HISTOGRAM.name && type.sizeOrType === HISTOGRAM.size
    if (type.kind === Kind.Struct && !isHistogram && !names.some(isKnown)) {
      for (const [i, member] of type.members.entries()) {
        this.#add(fields, part, this.#memberOf(place, member, at, i), alone)
      }
      return
    }
    if (fields.length === MOST_FIELDS) throw new RangeError(`it has more than ${MOST_FIELDS} fields`)
    fields.push(this.#field(part, place, type, names, place.path === '' ? alone : place.path))
  }

  #memberOf(place: Place, member: Type['members'][number], owner: number, index: number): Place {
    if (member.name !== '' && !IDENTIFIER.test(member.name))
      throw new RangeError('its type is damaged: a name is none of C')
    const path = [place.path, member.name].filter(name => name !== '').join('_')
    return {
      path,
      type: member.type,
      bitOffset: place.bitOffset + member.bitOffset,
      bits: member.bits,
      tags: { ...place.tags, ...readTags(this.#tags.get(`${owner} ${index}`) ?? []) },
      depth: place.depth + 1,
    }
  }

  #field(part: FieldShape['part'], place: Place, type: Type, names: readonly string[], path: string): FieldShape {
    const known = names.find(isKnown)
    const size = this.sizeOf(place.type)
    const base = {
      id: path,
      part,
      meaning: known === undefined ? null : MEANINGS[known],
      offset: Math.floor(place.bitOffset / 8),
      size,
      bits: null,
      count: 1,
      element: 'unsigned' as const,
      names: null,
      tags: place.tags,
    }
    const form = this.#formOf(type, size)
    if (base.meaning === 'ipv6' ? size !== 16 : base.meaning !== null && !NUMBERS.has(form)) {
      throw new RangeError(`its field ${path} cannot be ${known}`)
    }
    if (form === 'list') {
      const element = this.resolve(type.element?.type ?? 0).type
      const isSigned = (encodingOf(element) & SIGNED) !== 0
      return { ...base, form, count: type.element?.count ?? 0, element: isSigned ? 'signed' : 'unsigned' }
    }
    if (form === 'enum') return { ...base, ...bitsOf(place, size), form, names: namesOf(type) }
    return { ...base, ...(NUMBERS.has(form) ? bitsOf(place, size) : {}), form }
  }

  #formOf(type: Type, size: number): Form {
    switch (type.kind) {
      case Kind.Int:
        if (![1, 2, 4, 8].includes(size)) return 'hex'
        return encodingOf(type) & BOOLEAN
          ? 'bool'
          : encodingOf(type) & SIGNED && type.name !== 'char'
            ? 'signed'
            : 'unsigned'
      case Kind.Enum:
      case Kind.Enum64:
        if (![1, 2, 4, 8].includes(size)) throw new RangeError('its type is damaged: an enum has an odd size')
        return 'enum'
      case Kind.Float:
        return size === 4 || size === 8 ? 'float' : 'hex'
      case Kind.Struct:
        return type.name === HISTOGRAM.name && size === HISTOGRAM.size ? 'histogram' : 'hex'
      case Kind.Array: {
        const { type: number, count } = type.element ?? { type: 0, count: 0 }
        const { type: of } = this.resolve(number)
        if (of.kind === Kind.Int && of.sizeOrType === 1 && (of.name === 'char' || encodingOf(of) & CHARACTER))
          return 'text'
        const isNumber = of.kind === Kind.Int && [2, 4, 8].includes(of.sizeOrType)
        return isNumber && count > 0 && count <= LONGEST_LIST ? 'list' : 'hex'
      }
      default:
        return 'hex'
    }
  }
}

/** Forms that are one number. */
const NUMBERS: ReadonlySet<Form> = new Set(['unsigned', 'signed', 'bool', 'enum'])

function isKnown(name: string): name is keyof typeof MEANINGS {
  return Object.hasOwn(MEANINGS, name)
}

function encodingOf({ kind, detail }: Type): number {
  return kind === Kind.Int ? (detail >>> 24) & 0xf : 0
}

/** A bit field, in the whole number that it lies in. */
function bitsOf({ bitOffset, bits }: Place, size: number): Pick<FieldShape, 'offset' | 'bits'> {
  if (bits === 0 && bitOffset % 8 === 0) return { offset: bitOffset / 8, bits: null }
  const width = bits === 0 ? size * 8 : bits
  const offset = Math.floor(bitOffset / (size * 8)) * size
  const first = bitOffset - offset * 8
  if (first + width > size * 8) throw new RangeError('its type is damaged: a bit field is too wide')
  return { offset, bits: { first, width } }
}

function namesOf({ constants }: Type): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const [name, value] of constants) {
    if (!IDENTIFIER.test(name)) throw new RangeError('its type is damaged: a name is none of C')
    if (!names.has(value)) names.set(value, name)
  }
  return names
}

const WIDEST = 200

/** Of tags such as `eb:width=12`; those of others are not ours. */
function readTags(tags: readonly string[]): Tags {
  const read: { label?: string; hidden?: boolean; width?: number; sort?: boolean } = {}
  for (const tag of tags) {
    const [, name = '', value = ''] = /^eb:(\w+)(?:=(.{0,40}))?$/u.exec(tag) ?? []
    if (name === 'label' && value !== '') read.label = value
    else if (name === 'hidden') read.hidden = true
    else if (name === 'sort') read.sort = true
    else if (name === 'width') {
      const width = Number(value)
      if (!Number.isInteger(width) || width < 1 || width > WIDEST) throw new RangeError(`its width "${value}" is none`)
      read.width = width
    } else if (name !== '') throw new RangeError(`there is no tag "${name}": label, hidden, width, sort`)
  }
  return read
}
