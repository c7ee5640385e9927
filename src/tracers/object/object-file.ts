/** What a BPF object says of itself: its maps, as tables, and its parameters. Pure: bytes in, description out. */

import { ElfFile } from '../../bpf/btf/sections.ts'
import { decodeTypes, Kind, type Type } from '../../bpf/btf/types.ts'
import type { FieldShape, MapShape } from './field.ts'
import { FieldReader } from './fields.ts'
import { type Knob, readKnobs } from './knobs.ts'

/** Bytes of type information: that of a kernel is as large, no object's is. */
const LARGEST_BTF = 8 * 2 ** 20

/** Tables of one object. */
const MOST_TABLES = 64

/** Of <linux/bpf.h>: types of maps whose elements are rows. */
const ROWS: ReadonlyMap<number, { readonly perCpu: boolean; readonly isArray: boolean }> = new Map([
  [1, { perCpu: false, isArray: false }],
  [2, { perCpu: false, isArray: true }],
  [5, { perCpu: true, isArray: false }],
  [6, { perCpu: true, isArray: true }],
  [9, { perCpu: false, isArray: false }],
  [10, { perCpu: true, isArray: false }],
])

/** What ebpf_top.bpf.h calls the maps beside a table. */
const ODD = '_odd'
const STATE = '_state'

/** Maps that are no tables: those of ebpf_top.bpf.h, and those in which a program remembers what is nobody's business. */
const OWN = /^(?:eb_|_)/

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.]{0,63}$/

export interface ObjectFile {
  readonly tables: readonly MapShape[]
  readonly knobs: readonly Knob[]
  /** It has the maps by which ebpf_top.bpf.h is told of intervals and of the pid filter. */
  readonly hasControl: boolean
  /** What of it cannot be shown, a line each. */
  readonly notes: readonly string[]
}

/** Throws a RangeError that says what is wrong with the bytes, and nothing else, whatever they are. */
export function describeObject(file: Buffer): ObjectFile {
  const elf = new ElfFile(file)
  const btf = elf.section('.BTF')
  if (btf === undefined) throw new RangeError('without type information (BTF)')
  if (btf.length > LARGEST_BTF) throw new RangeError('damaged: its type information is too large')
  const types = decodeTypes(btf)
  const reader = new FieldReader(types)
  const maps = mapsOf(types, reader)
  const names = new Set(maps.map(({ name }) => name))
  const notes: string[] = []
  const tables: MapShape[] = []
  for (const map of maps) {
    const { name } = map
    const base = name.endsWith(ODD)
      ? name.slice(0, -ODD.length)
      : name.endsWith(STATE)
        ? name.slice(0, -STATE.length)
        : name
    if (OWN.test(name) || (base !== name && names.has(base) && names.has(base + STATE))) continue
    const shape = shapeOf(map, reader, notes)
    if (shape === null) continue
    const halves = names.has(name + ODD) && names.has(name + STATE) ? { odd: name + ODD, state: name + STATE } : null
    tables.push({ ...shape, halves })
  }
  if (tables.length > MOST_TABLES) throw new RangeError(`with ${tables.length} tables, more than ${MOST_TABLES}`)
  return { tables, knobs: readKnobs(types, reader, elf), hasControl: names.has('eb_control'), notes }
}

interface MapDefinition {
  readonly name: string
  readonly type: number
  readonly key: number | null
  readonly value: number | null
  readonly entries: number
}

/** Those that are defined by types, in the section .maps. */
function mapsOf(types: readonly Type[], reader: FieldReader): MapDefinition[] {
  const section = types.find(({ kind, name }) => kind === Kind.DataSection && name === '.maps')
  const maps = new Map<string, MapDefinition>()
  for (const number of section?.variables ?? []) {
    const variable = types[number]
    if (variable?.kind !== Kind.Variable || !IDENTIFIER.test(variable.name)) {
      throw new RangeError('damaged: a map has no name')
    }
    const { type: definition } = reader.resolve(variable.sizeOrType)
    if (definition.kind !== Kind.Struct) throw new RangeError(`damaged: ${variable.name} is no map`)
    const member = (name: string): number | null => {
      const found = definition.members.find(each => each.name === name)
      if (found === undefined) return null
      const { type } = reader.resolve(found.type)
      return type.kind === Kind.Pointer ? type.sizeOrType : null
    }
    // a number is the length of an array
    const count = (name: string): number => {
      const array = member(name)
      return array === null ? 0 : (reader.resolve(array).type.element?.count ?? 0)
    }
    const [key, value] = [member('key'), member('value')]
    maps.set(variable.name, { name: variable.name, type: count('type'), key, value, entries: count('max_entries') })
  }
  return [...maps.values()]
}

/** null: it holds no rows. */
function shapeOf(
  { name, type, key, value, entries }: MapDefinition,
  reader: FieldReader,
  notes: string[],
): Omit<MapShape, 'halves'> | null {
  const kind = ROWS.get(type)
  if (kind === undefined) return null
  if (key === null || value === null) {
    notes.push(`map ${name} is not shown: it is defined without the types of its keys and values`)
    return null
  }
  try {
    const fields = distinct([
      ...reader.fields(key, 'key', nameOf(reader, key, kind.isArray ? 'index' : 'key')),
      ...reader.fields(value, 'value', 'value'),
    ])
    return { name, type, ...kind, keySize: reader.sizeOf(key), valueSize: reader.sizeOf(value), entries, fields }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RangeError(`no tracer: map ${name}: ${error.message}`)
  }
}

/** What a key of one number is called: a process is `pid`. */
function nameOf(reader: FieldReader, type: number, otherwise: string): string {
  const known = reader.resolve(type).names.find(name => name.startsWith('eb_'))
  if (known === undefined) return otherwise
  return known === 'eb_tgid' ? 'pid' : known.slice('eb_'.length)
}

/** Fields of key and value may have the same name. */
function distinct(fields: readonly FieldShape[]): FieldShape[] {
  const taken = new Set<string>()
  return fields.map(field => {
    let id = field.id.toLowerCase()
    if (taken.has(id)) id = `${field.part}_${id}`
    for (let i = 2; taken.has(id); i++) id = `${field.part}_${field.id.toLowerCase()}_${i}`
    taken.add(id)
    return { ...field, id }
  })
}
