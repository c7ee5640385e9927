/**
 * BTF (the BPF Type Format, Documentation/bpf/btf.rst of the kernel): the types of an object as the C compiler wrote
 * them down. Only what is needed to find the members of structs, and the constants of enums, is decoded; sizes and offsets
 * are in bytes.
 */

import { decodeTypes, Kind, type Type } from './types.ts'

/** A member of a struct: `count` values of `size` bytes each, one behind the other, at `offset`. */
export interface Member {
  readonly offset: number
  readonly size: number
  readonly count: number
}

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
