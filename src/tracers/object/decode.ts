/** From the bytes of a map's elements to values. */

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { readText, readU64 } from '../../bpf/btf/layout.ts'
import { errnoName } from '../../syscall/errno.ts'
import { isArch, syscallName } from '../../syscall/names.ts'
import { HistogramSum, OCTAVE_BUCKETS } from '../../table/histogram.ts'
import type { Value } from '../../table/table.ts'
import { readAddress } from '../network/address.ts'
import type { FieldShape, MapShape, Meaning } from './field.ts'
import { LONGEST_HEX } from './fields.ts'

/** A value that can still be added up. */
export type Cell = Value | HistogramSum

/** One element of a map, its cells in the order of the fields. */
export interface Element {
  /** The bytes of its key, as characters. */
  readonly key: string
  readonly cells: readonly Cell[]
}

/** EB_NONE of ebpf_top.bpf.h: not known. */
const NONE = 2 ** 63

/** Meanings of which NONE is no value. */
const MEASURES: ReadonlySet<Meaning | null> = new Set<Meaning | null>(['nanoseconds', 'bytes', 'counter', 'gauge'])

const AF_INET = 2
const AF_INET6 = 10

/** Reads elements of one map. `processors`: how many values an element of a map has that has one for each. */
export class Decoder {
  readonly #map: MapShape
  readonly #processors: number
  readonly #read: readonly ((view: DataView, at: number) => Cell)[]
  readonly #stride: number

  constructor(map: MapShape, processors = 1) {
    this.#map = map
    this.#processors = map.perCpu ? processors : 1
    this.#stride = Math.ceil(map.valueSize / 8) * 8
    this.#read = map.fields.map(field => (view, at) => readCell(field, view, at + field.offset))
  }

  /** Bytes that the kernel gives for a value. */
  get valueBytes(): number {
    return this.#map.perCpu ? this.#stride * this.#processors : this.#map.valueSize
  }

  /** The element whose key and value stand there; null: of an array, where nobody has written. */
  element(keys: DataView, keyAt: number, values: DataView, valueAt: number): Element | null {
    const { fields, keySize, isArray } = this.#map
    const value = new Uint8Array(values.buffer, values.byteOffset + valueAt, this.valueBytes)
    if (isArray && value.every(byte => byte === 0)) return null
    const cells = fields.map((field, i) => {
      const read = this.#read[i] ?? (() => null)
      return field.part === 'key' ? read(keys, keyAt) : this.#sum(field, read, values, valueAt)
    })
    return { key: Buffer.from(keys.buffer, keys.byteOffset + keyAt, keySize).toString('latin1'), cells }
  }

  #sum(field: FieldShape, read: (view: DataView, at: number) => Cell, values: DataView, at: number): Cell {
    let sum = read(values, at)
    for (let i = 1; i < this.#processors; i++) sum = added(field, sum, read(values, at + i * this.#stride))
    return sum
  }
}

/** Two values of one field together: numbers are added up, of what cannot be the later one counts that says something. */
export function added(field: FieldShape, a: Cell, b: Cell): Cell {
  if (b === null) return a
  if (a instanceof HistogramSum || b instanceof HistogramSum) {
    const sum = new HistogramSum()
    for (const each of [a, b]) if (each instanceof HistogramSum) sum.add(each)
    return sum
  }
  if (a === null) return b
  if (isAdditive(field) && typeof a === 'number' && typeof b === 'number') return a + b
  return b === '' || b === 0 || b === false ? a : b
}

/** Whether values of a field can be added up: a number that is no name of something, and no level. */
export function isAdditive({ part, form, meaning }: FieldShape): boolean {
  if (part === 'key' || (form !== 'unsigned' && form !== 'signed' && form !== 'float')) return false
  return meaning === null || meaning === 'nanoseconds' || meaning === 'bytes' || meaning === 'counter'
}

function readCell(field: FieldShape, view: DataView, at: number): Cell {
  const { form, size, meaning } = field
  if (meaning === 'ipv6') return readAddress(view, at, AF_INET6).address
  switch (form) {
    case 'text':
      return readText(view, at, size)
    case 'hex':
      return hex(view, at, size)
    case 'float':
      return finite(size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true))
    case 'histogram':
      return readHistogram(view, at)
    case 'list':
      return Array.from({ length: field.count }, (_, i) => {
        const bytes = size / field.count
        return exact(readInteger(view, at + i * bytes, bytes, field.element === 'signed'))
      }).join(' ')
    case 'enum': {
      const number = integer(field, view, at)
      return (
        field.names?.get(Number(number)) ??
        field.names?.get(Number(BigInt.asIntN(size * 8, BigInt(number)))) ??
        String(number)
      )
    }
    case 'bool':
      return integer(field, view, at) !== 0
    default:
      return meant(meaning, integer(field, view, at), view, at)
  }
}

function finite(number: number): Value {
  return Number.isFinite(number) ? number : null
}

/** A number; what a double does not hold is a bigint. */
function integer({ form, size, bits }: FieldShape, view: DataView, at: number): number | bigint {
  if (bits === null) return readInteger(view, at, size, form === 'signed')
  const whole = BigInt(readInteger(view, at, size, false)) >> BigInt(bits.first)
  const part = form === 'signed' ? BigInt.asIntN(bits.width, whole) : BigInt.asUintN(bits.width, whole)
  return narrow(part)
}

function readInteger(view: DataView, at: number, size: number, isSigned: boolean): number | bigint {
  switch (size) {
    case 1:
      return isSigned ? view.getInt8(at) : view.getUint8(at)
    case 2:
      return isSigned ? view.getInt16(at, true) : view.getUint16(at, true)
    case 4:
      return isSigned ? view.getInt32(at, true) : view.getUint32(at, true)
    default: {
      const number = readU64(view, at)
      if (number <= Number.MAX_SAFE_INTEGER) return number
      return narrow(isSigned ? view.getBigInt64(at, true) : view.getBigUint64(at, true))
    }
  }
}

function narrow(number: bigint): number | bigint {
  return number >= Number.MIN_SAFE_INTEGER && number <= Number.MAX_SAFE_INTEGER ? Number(number) : number
}

/** A number that no double holds is its digits. */
function exact(number: number | bigint): number | string {
  return typeof number === 'bigint' ? String(number) : number
}

function meant(meaning: Meaning | null, number: number | bigint, view: DataView, at: number): Value {
  if (MEASURES.has(meaning)) return Math.abs(Number(number)) === NONE ? null : Number(number)
  switch (meaning) {
    // no process has that number
    case 'process':
      return number === 0 ? null : exact(number)
    case 'errno':
      return number === 0 ? null : errnoName(Math.abs(Number(number)))
    case 'syscall':
      return syscallName(isArch(process.arch) ? process.arch : 'x64', 'native', Number(number))
    case 'signal':
      return signalName(Number(number))
    case 'ipv4':
      return readAddress(view, at, AF_INET).address
    case 'device':
      return deviceName(Number(number))
    default:
      return exact(number)
  }
}

function hex(view: DataView, at: number, size: number): string {
  const shown = Math.min(size, LONGEST_HEX)
  const text = Buffer.from(view.buffer, view.byteOffset + at, shown).toString('hex')
  return size > shown ? `${text}…` : text
}

/** `struct eb_histogram`: sum, max, then the buckets of bpf/histogram.bpf.h. */
function readHistogram(view: DataView, at: number): HistogramSum {
  const sum = new HistogramSum()
  for (let i = 0; i < BUCKETS; i++) {
    const count = view.getUint32(at + 16 + 4 * i, true)
    if (count > 0) sum.addCount(FIRST_BUCKET + i, count)
  }
  sum.sum = readU64(view, at)
  sum.max = readU64(view, at + 8)
  return sum
}

/** OCTAVES and FIRST_OCTAVE of bpf/histogram.bpf.h. */
const BUCKETS = 44 * OCTAVE_BUCKETS
const FIRST_BUCKET = 5 * OCTAVE_BUCKETS

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** The first real-time signal, as the kernel numbers them. */
const SIGRTMIN = 32

/** `SIGKILL`; a real-time signal has its number alone. */
export function signalName(number: number): string {
  return signals.get(number) ?? (number >= SIGRTMIN ? `SIGRT${number}` : `signal ${number}`)
}

const devices = new Map<number, string>()
const MOST_DEVICES = 1024

/** MINORBITS of the kernel. */
const MINOR_BITS = 20

/** `sda1`, as the kernel calls a block device by its number; `8:1` where it has none of that number any more. */
function deviceName(device: number): string {
  const known = devices.get(device)
  if (known !== undefined) return known
  const number = `${device >>> MINOR_BITS}:${device & ((1 << MINOR_BITS) - 1)}`
  let name = number
  try {
    name = /^DEVNAME=(.+)$/m.exec(readFileSync(`/sys/dev/block/${number}/uevent`, 'utf8'))?.[1] ?? number
  } catch {
    return number
  }
  if (devices.size < MOST_DEVICES) devices.set(device, name)
  return name
}
