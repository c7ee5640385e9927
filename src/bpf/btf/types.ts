/** The types of BTF as they stand in it, one by one. */

const MAGIC = 0xeb9f

/** Kinds of types by their number in the format. */
export const Kind = {
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

export interface Type {
  readonly kind: number
  readonly name: string
  /** Size in bytes or number of the type referred to, depending on the kind. */
  readonly sizeOrType: number
  readonly members: readonly RawMember[]
  readonly element: { readonly type: number; readonly count: number } | null
  /** Of an enum. */
  readonly constants: readonly (readonly [name: string, value: number])[]
  /** What stands behind an integer, its encoding and bits, and behind a tag, the member that it is of. */
  readonly detail: number
  /** Numbers of the variables of a section. */
  readonly variables: readonly number[]
}

export interface RawMember {
  readonly name: string
  readonly type: number
  readonly bitOffset: number
  /** Width of a bit field; 0: it is none. */
  readonly bits: number
}

/** Bytes of the header, as far as it is needed, and of what is common to all types. */
const HEADER_BYTES = 24
const TYPE_BYTES = 12

/** Bytes of a name: the kernel takes none that is as long. */
const LONGEST_NAME = 512

/** By their numbers. Throws a RangeError where the bytes are not whole BTF. */
export function decodeTypes(bytes: Uint8Array): Type[] {
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
    within(stringsEnd, from, 1)
    const length = bytes.subarray(from, Math.min(stringsEnd, from + LONGEST_NAME)).indexOf(0)
    if (length < 0)
      throw new RangeError(
        `BTF is damaged: ${from + LONGEST_NAME < stringsEnd ? 'a name has no end' : 'it is cut off'}`,
      )
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('utf8')
  }

  // number 0 is void
  const nothing = { members: [], element: null, constants: [], detail: 0, variables: [] }
  const types: Type[] = [{ kind: 0, name: 'void', sizeOrType: 0, ...nothing }]
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
    let variables: Type['variables'] = []
    if (kind === Kind.Struct || kind === Kind.Union) {
      members = Array.from({ length: count }, (_, i) => {
        const offset = view.getUint32(at + 12 * i + 8, true)
        return {
          name: text(view.getUint32(at + 12 * i, true)),
          type: view.getUint32(at + 12 * i + 4, true),
          // with the flag set the upper byte is the width of a bit field
          bitOffset: isFlagged ? offset & 0xffffff : offset,
          bits: isFlagged ? offset >>> 24 : 0,
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
    } else if (kind === Kind.Enum64) {
      constants = Array.from({ length: count }, (_, i) => {
        const [low, high] = [view.getUint32(at + 12 * i + 4, true), at + 12 * i + 8]
        const upper = isFlagged ? view.getInt32(high, true) : view.getUint32(high, true)
        return [text(view.getUint32(at + 12 * i, true)), upper * 2 ** 32 + low]
      })
    } else if (kind === Kind.DataSection) {
      variables = Array.from({ length: count }, (_, i) => view.getUint32(at + 12 * i, true))
    }
    const detail = kind === Kind.Int || kind === Kind.DeclTag ? view.getUint32(at, true) : 0
    types.push({ ...type, members, element, constants, detail, variables })
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
