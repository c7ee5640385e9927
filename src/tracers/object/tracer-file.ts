/** A tracer as the command line names it: `files`, `./fsync.bpf.o?min_ms=5`. */

import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { MapShape } from './field.ts'
import { describeObject, type ObjectFile } from './object-file.ts'

/** Those that come with the program, in the order of their use. */
export const SHIPPED = ['execs', 'faults', 'runq', 'signals'] as const

/** Bytes of an object. */
const LARGEST = 64 * 2 ** 20

/** What asks for values as they rose in an interval. */
const DELTA = 'delta'

/** Names that can be those of a view. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/

/** What is wrong with a tracer that was named, and what to do; a line each. */
export class TracerFault extends Error {
  override readonly name = 'TracerFault'
  readonly remedy: string

  constructor(what: string, remedy: string) {
    super(what)
    this.remedy = remedy
  }
}

export interface TracerFile {
  readonly name: string
  readonly path: string
  /** With the values of its parameters. */
  readonly bytes: Buffer
  readonly object: ObjectFile
  /** Values of maps are told as they rose in an interval. */
  readonly isDelta: boolean
  /** By the name of each: that of the tracer where it has one alone. */
  readonly tables: readonly (readonly [name: string, map: MapShape])[]
}

/**
 * Reads a tracer. `folder`: where those lie that come with the program.
 * @throws TracerFault for whatever is wrong with it
 */
export function readTracer(word: string, folder: string): TracerFile {
  const at = word.indexOf('?')
  const file = at < 0 ? word : word.slice(0, at)
  const path = pathOf(file, folder)
  const name = basename(path).replace(/(\.bpf)?\.o$/, '')
  if (!NAME.test(name)) {
    throw new TracerFault(
      `a view cannot be called like the file ${file}`,
      'rename it: letters, digits, - and _ before .bpf.o',
    )
  }
  const bytes = readObject(path, file)
  const object = describe(bytes, file)
  const isDelta = setKnobs(object, at < 0 ? '' : word.slice(at + 1), file)
  if (object.tables.length === 0) {
    throw new TracerFault(
      `${file} has no map that is a table${object.notes.map(note => `: ${note}`).join('')}`,
      'give it a hash or array with __type(key, ...) and __type(value, ...); begin with --new-tracer',
    )
  }
  const [only, ...more] = object.tables
  const tables =
    only !== undefined && more.length === 0
      ? ([[name, only]] as const)
      : object.tables.map(map => [`${name}.${map.name}`, map] as const)
  return { name, path, bytes, object, isDelta, tables }
}

function pathOf(file: string, folder: string): string {
  if (file.includes('/') || file.endsWith('.o')) return resolve(file)
  const shipped = SHIPPED.find(name => name === file)
  if (shipped !== undefined) return join(folder, 'tracers', `${shipped}.bpf.o`)
  throw new TracerFault(
    `there is no tracer "${file}"`,
    `write one of ${SHIPPED.join(', ')}, or the path of an object: ./${file}.bpf.o`,
  )
}

function readObject(path: string, file: string): Buffer {
  try {
    const bytes = readFileSync(path)
    if (bytes.length <= LARGEST) return bytes
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new TracerFault(`cannot read the file ${file} (${code})`, 'give the path of a readable file')
  }
  throw new TracerFault(`${file} is too large for a BPF object`, 'give the path of a file that clang -target bpf wrote')
}

function describe(bytes: Buffer, file: string): ObjectFile {
  try {
    return describeObject(bytes)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new TracerFault(`${file} is ${error.message}`, 'compile it with clang -target bpf -g -O2')
  }
}

/** Gives whether values are to be told as they rose. */
function setKnobs({ knobs }: ObjectFile, words: string, file: string): boolean {
  const list = knobs.map(({ name, type, value }) => `${name} (${type}, ${value === '' ? 'empty' : value})`).join(', ')
  const remedy = list === '' ? 'it has none: leave out what stands from ? on' : `it has ${list}`
  const given = new Set<string>()
  let isDelta = false
  for (const word of words.split('&').filter(each => each !== '')) {
    const [, name = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? []
    if (given.has(name)) throw new TracerFault(`${file}: ${name} is given twice`, 'give each parameter once')
    given.add(name)
    if (name === DELTA && value === undefined) {
      isDelta = true
      continue
    }
    const knob = knobs.find(each => each.name === name)
    if (knob === undefined) throw new TracerFault(`${file} has no parameter "${name}"`, remedy)
    try {
      if (value === undefined) throw new RangeError('a value')
      knob.set(decoded(value))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new TracerFault(`${file}: "${value ?? ''}" is no value of ${name}, which takes ${error.message}`, remedy)
    }
  }
  return isDelta
}

/** `%26` for `&`. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
