/** Parameters of an object: its `const volatile` variables, whose values stand in the file until it is loaded. */

import type { ElfFile } from '../../bpf/btf/sections.ts'
import { Kind, type Type } from '../../bpf/btf/types.ts'
import type { FieldReader } from './fields.ts'

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

/** A text of a knob; the program has it in an array of its own. */
const LONGEST_TEXT = 4096

const SIGNED = 1
const BOOLEAN = 4

export interface Knob {
  readonly name: string
  /** As C calls it. */
  readonly type: string
  /** As it would be written on the command line. */
  readonly value: string
  /** Writes another value into the bytes of the file. Throws a RangeError where it is none of its type. */
  set(value: string): void
}

/** Of the sections that hold constants. */
export function readKnobs(types: readonly Type[], reader: FieldReader, elf: ElfFile): Knob[] {
  const knobs: Knob[] = []
  for (const section of types) {
    if (section.kind !== Kind.DataSection || !/^\.rodata(\.|$)/.test(section.name)) continue
    for (const number of section.variables) {
      const variable = types[number]
      if (variable?.kind !== Kind.Variable || !IDENTIFIER.test(variable.name)) continue
      if (!isVolatile(types, variable.sizeOrType)) continue
      const knob = knobOf(variable, reader, elf)
      if (knob !== null && !knobs.some(({ name }) => name === knob.name)) knobs.push(knob)
    }
  }
  return knobs
}

/** null: of a type that nobody writes on a command line. */
function knobOf(variable: Type, reader: FieldReader, elf: ElfFile): Knob | null {
  const { name } = variable
  const { type } = reader.resolve(variable.sizeOrType)
  const size = reader.sizeOf(variable.sizeOrType)
  const bytes = elf.variable(name)
  if (bytes === undefined || bytes.length !== size) return null
  if (type.kind === Kind.Array) {
    const { type: of } = reader.resolve(type.element?.type ?? 0)
    if (of.kind !== Kind.Int || of.name !== 'char' || size > LONGEST_TEXT) return null
    return textKnob(name, bytes)
  }
  if (type.kind !== Kind.Int || ![1, 2, 4, 8].includes(size)) return null
  const encoding = (type.detail >>> 24) & 0xf
  return encoding & BOOLEAN ? flagKnob(name, bytes) : numberKnob(name, type.name, bytes, (encoding & SIGNED) !== 0)
}

function textKnob(name: string, bytes: Buffer): Knob {
  const end = bytes.indexOf(0)
  return {
    name,
    type: `char[${bytes.length}]`,
    value: bytes.toString('utf8', 0, end < 0 ? bytes.length : end),
    set(value) {
      const text = Buffer.from(value)
      if (text.includes(0) || text.length >= bytes.length) {
        throw new RangeError(`a text of at most ${bytes.length - 1} bytes`)
      }
      bytes.fill(0)
      text.copy(bytes)
    },
  }
}

function flagKnob(name: string, bytes: Buffer): Knob {
  return {
    name,
    type: 'bool',
    value: bytes[0] === 0 ? 'false' : 'true',
    set(value) {
      if (!/^(?:true|false|1|0)$/.test(value)) throw new RangeError('true or false')
      bytes[0] = value === 'true' || value === '1' ? 1 : 0
    },
  }
}

function numberKnob(name: string, type: string, bytes: Buffer, isSigned: boolean): Knob {
  const bits = BigInt(bytes.length * 8)
  const raw = bytes.length === 8 ? bytes.readBigUInt64LE() : BigInt(bytes.readUIntLE(0, bytes.length))
  const [least, most] = isSigned ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
  return {
    name,
    type,
    value: String(isSigned ? BigInt.asIntN(Number(bits), raw) : raw),
    set(value) {
      const number = /^-?(?:\d{1,20}|0x[\da-f]{1,16})$/i.test(value) ? bigintOf(value) : null
      if (number === null || number < least || number > most) {
        throw new RangeError(`a whole number from ${least} to ${most}`)
      }
      const unsigned = BigInt.asUintN(Number(bits), number)
      if (bytes.length === 8) bytes.writeBigUInt64LE(unsigned)
      else bytes.writeUIntLE(Number(unsigned), 0, bytes.length)
    },
  }
}

function bigintOf(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)
}

/** Steps from a variable to its type: nobody writes so many. */
const DEEPEST = 32

/** The compiler may not take its value for granted. */
function isVolatile(types: readonly Type[], number: number): boolean {
  let at = number
  for (let i = 0; i < DEEPEST; i++) {
    const type = types[at]
    if (type?.kind === Kind.Volatile) return true
    if (type?.kind === Kind.Array) at = type.element?.type ?? 0
    else if (type?.kind === Kind.Const || type?.kind === Kind.Typedef || type?.kind === Kind.TypeTag)
      at = type.sizeOrType
    else return false
  }
  return false
}
