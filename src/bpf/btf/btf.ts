/**
 * BTF (the BPF Type Format, Documentation/bpf/btf.rst of the kernel): the types of an object as the C compiler wrote
 * them down. Only what is needed to find the members of structs, and the constants of enums, is decoded; sizes and offsets
 * are in bytes.
 */

const MAGIC = 0xeb9f

/** Kinds of types by their number in the format. */
const Kind = {
  Int: 1,
  Pointer: 2,
  Array: 3,
  Struct: 4,
  Union: 5,
  Enum: 6,
  Forward: 7,
  Typedef: 8,
  Volatile: 9,
  Const: 10,
  Restrict: 11,
  Function: 12,
  FunctionPrototype: 13,
  Variable: 14,
  DataSection: 15,
  Float: 16,
  DeclTag: 17,
  TypeTag: 18,
  Enum64: 19,
} as const

interface Type {
  readonly kind: number
  readonly name: string
  /** Size in bytes or number of the type referred to, depending on the kind. */
  readonly sizeOrType: number
  readonly members: readonly RawMember[]
  readonly element: { readonly type: number; readonly count: number } | null
  /** Of an enum of 32 bits. */
  readonly constants: readonly (readonly [name: string, value: number])[]
}

interface RawMember {
  readonly name: string
  readonly type: number
  readonly bitOffset: number
}

/** A member of a struct: `count` values of `size` bytes each, one behind the other, at `offset`. */
export interface Member {
  readonly offset: number
  readonly size: number
  readonly count: number
}

/** Bytes of the header, as far as it is needed, and of what is common to all types. */
const HEADER_BYTES = 24
const TYPE_BYTES = 12

/** Typedefs, qualifiers and arrays, one of the other: no compiler writes so many. */
const DEEPEST = 64

/** Decoded BTF. Throws a RangeError where the bytes are not whole BTF. */
export class Btf {
  readonly #types: readonly Type[]

  constructor(bytes: Uint8Array) {
    this.#types = decodeTypes(bytes)
  }

  /** Members of a struct by their names, and its size. */
  struct(name: string): { size: number; members: ReadonlyMap<string, Member> } {
    const type = this.#types.find(t => t.kind === Kind.Struct && t.name === name)
    if (type === undefined) throw new RangeError(`no struct ${name} in BTF`)
    const members = new Map<string, Member>()
    for (const member of type.members) {
      members.set(member.name, { offset: member.bitOffset / 8, ...this.#extent(member.type) })
    }
    return { size: type.sizeOrType, members }
  }

  /** The value of an enumeration constant. */
  constant(name: string): number {
    for (const { constants } of this.#types) {
      const [, value] = constants.find(([constant]) => constant === name) ?? []
      if (value !== undefined) return value
    }
    throw new RangeError(`no constant ${name} in BTF`)
  }

  #extent(number: number, depth = 0): { size: number; count: number } {
    const type = this.#resolve(number, depth)
    if (type.element === null) return { size: type.kind === Kind.Pointer ? 8 : type.sizeOrType, count: 1 }
    const element = this.#extent(type.element.type, depth + 1)
    return { size: element.size, count: element.count * type.element.count }
  }

  /** The type behind typedefs and qualifiers. */
  #resolve(number: number, depth: number): Type {
    if (depth > DEEPEST) throw new RangeError(`BTF is damaged: type ${number} is made of itself`)
    const type = this.#types[number]
    if (type === undefined) throw new RangeError(`no type ${number} in BTF`)
    switch (type.kind) {
      case Kind.Typedef:
      case Kind.Volatile:
      case Kind.Const:
      case Kind.Restrict:
      case Kind.TypeTag:
        return this.#resolve(type.sizeOrType, depth + 1)
      default:
        return type
    }
  }
}

function decodeTypes(bytes: Uint8Array): Type[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const within = (limit: number, from: number, length: number): void => {
    if (from + length > limit) throw new RangeError('BTF is damaged: it is cut off')
  }
  within(bytes.byteLength, 0, HEADER_BYTES)
  if (view.getUint16(0, true) !== MAGIC) throw new RangeError('not BTF')
  const header = view.getUint32(4, true)
  const start = header + view.getUint32(8, true)
  const end = start + view.getUint32(12, true)
  const strings = header + view.getUint32(16, true)
  const stringsEnd = strings + view.getUint32(20, true)
  within(bytes.byteLength, Math.max(end, stringsEnd), 0)
  const text = (offset: number): string => {
    const from = strings + offset
    const to = bytes.indexOf(0, from)
    within(stringsEnd, to < 0 ? Infinity : to, 1)
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')
  }

  // number 0 is void
  const types: Type[] = [{ kind: 0, name: 'void', sizeOrType: 0, members: [], element: null, constants: [] }]
  let at = start
  while (at < end) {
    within(end, at, TYPE_BYTES)
    const info = view.getUint32(at + 4, true)
    const count = info & 0xffff
    const kind = (info >>> 24) & 0x1f
    const isFlagged = info >>> 31 === 1
    const type = { kind, name: text(view.getUint32(at, true)), sizeOrType: view.getUint32(at + 8, true) }
    at += TYPE_BYTES
    const trailer = trailerSize(kind, count)
    within(end, at, trailer)
    let members: RawMember[] = []
    let element: Type['element'] = null
    let constants: Type['constants'] = []
    if (kind === Kind.Struct || kind === Kind.Union) {
      members = Array.from({ length: count }, (_, i) => {
        const offset = view.getUint32(at + 12 * i + 8, true)
        return {
          name: text(view.getUint32(at + 12 * i, true)),
          type: view.getUint32(at + 12 * i + 4, true),
          // with the flag set the upper byte is the width of a bit field
          bitOffset: isFlagged ? offset & 0xffffff : offset,
        }
      })
    } else if (kind === Kind.Array) {
      element = { type: view.getUint32(at, true), count: view.getUint32(at + 8, true) }
    } else if (kind === Kind.Enum) {
      constants = Array.from({ length: count }, (_, i) => {
        const value = at + 8 * i + 4
        // the flag says that values are signed
        return [
          text(view.getUint32(value - 4, true)),
          isFlagged ? view.getInt32(value, true) : view.getUint32(value, true),
        ]
      })
    }
    types.push({ ...type, members, element, constants })
    at += trailer
  }
  return types
}

/** Bytes that follow the common part of a type. */
function trailerSize(kind: number, count: number): number {
  switch (kind) {
    case Kind.Int:
    case Kind.Variable:
    case Kind.DeclTag:
      return 4
    case Kind.Array:
      return 12
    case Kind.Struct:
    case Kind.Union:
    case Kind.DataSection:
    case Kind.Enum64:
      return 12 * count
    case Kind.Enum:
    case Kind.FunctionPrototype:
      return 8 * count
    case Kind.Pointer:
    case Kind.Forward:
    case Kind.Typedef:
    case Kind.Volatile:
    case Kind.Const:
    case Kind.Restrict:
    case Kind.Function:
    case Kind.Float:
    case Kind.TypeTag:
      return 0
    default:
      throw new RangeError(`BTF is damaged: there is no kind ${kind} of types`)
  }
}
