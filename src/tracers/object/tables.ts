/** The maps of an object that are tables: what is read of them at the end of an interval. */

import { readU64 } from '../../bpf/btf/layout.ts'
import { type Mapping, mapShared } from '../../bpf/kernel.ts'
import type { Libbpf } from '../../bpf/libbpf.ts'
import type { MapUsage } from '../tracer.ts'
import { drainMap, type OpenMap, readMap } from './batch.ts'
import { added, type Cell, Decoder, type Element, isAdditive } from './decode.ts'
import type { MapShape } from './field.ts'
import type { InKernel } from './loading.ts'

/** What is read of a map in one interval at most: rows, and milliseconds. */
const BOUNDS = { rows: 65_536, time: 250 } as const

/** `struct eb_state`. */
const USED = 0
const LOST = 8
const STATE_BYTES = 16

export type Elements = ReadonlyMap<string, readonly Cell[]>

/** Where rows come from. */
export interface Source {
  /** The elements of an interval that is at rest. */
  read(epoch: number): Generator<void, Elements>
  /** What it had no room for, so far. */
  lost(): number
  /** What was left out of the last reading; null: nothing. */
  readonly note: string | null
}

/** A map that holds whatever it holds. */
export class WholeMap implements Source {
  readonly #libbpf: Libbpf
  readonly #map: OpenMap
  readonly #isDelta: boolean
  #before: Elements | null = null
  note: string | null = null

  constructor(libbpf: Libbpf, object: InKernel, shape: MapShape, processors: number, isDelta: boolean) {
    this.#libbpf = libbpf
    this.#map = openMap(object, shape, shape.name, processors)
    this.#isDelta = isDelta
  }

  *read(): Generator<void, Elements> {
    const { name, entries, fields } = this.#map.shape
    const found = new Map<string, readonly Cell[]>()
    const isWhole = yield* readMap(this.#libbpf, this.#map, BOUNDS, ({ key, cells }) => found.set(key, cells))
    this.note = isWhole
      ? null
      : `of map ${name} (up to ${entries} elements) only ${found.size} are shown: there was no time for more`
    if (!this.#isDelta) return found
    const before = this.#before
    this.#before = found
    // nobody knows yet by how much they rose
    if (before === null) return new Map()
    const risen = new Map<string, readonly Cell[]>()
    for (const [key, cells] of found) {
      const last = before.get(key) ?? []
      const rises = cells.map((cell, i) =>
        fields[i] !== undefined && isAdditive(fields[i]) ? rise(cell, last[i] ?? null) : cell,
      )
      if (rises.some((cell, i) => fields[i] !== undefined && isAdditive(fields[i]) && cell !== 0)) risen.set(key, rises)
    }
    return risen
  }

  lost(): number {
    return 0
  }
}

/** Where it fell, it began anew. */
function rise(now: Cell, before: Cell): Cell {
  if (typeof now !== 'number' || typeof before !== 'number') return now
  return now >= before ? now - before : now
}

/** Rows of intervals, by ebpf_top.bpf.h: a map for those with even numbers, and one for the odd ones. */
export class HalvedMap implements Source {
  readonly note = null
  readonly #libbpf: Libbpf
  readonly #halves: readonly [OpenMap, OpenMap]
  readonly #state: Mapping
  readonly #view: DataView
  readonly #isDirty: [boolean, boolean] = [false, false]

  constructor(
    libbpf: Libbpf,
    object: InKernel,
    shape: MapShape,
    halves: { odd: string; state: string },
    processors: number,
  ) {
    this.#libbpf = libbpf
    this.#halves = [openMap(object, shape, shape.name, processors), openMap(object, shape, halves.odd, processors)]
    const state = object.maps.get(halves.state)
    if (state?.valueSize !== STATE_BYTES) throw new Error(`map ${halves.state} is not that of ebpf_top.bpf.h`)
    this.#state = mapShared(state.fd, STATE_BYTES)
    this.#view = new DataView(this.#state.buffer)
  }

  /** Makes the half of the interval to come empty. */
  prepare(epoch: number): void {
    const half = halfOf(epoch)
    // it was not read
    if (this.#isDirty[half]) for (const _ of drainMap(this.#libbpf, this.#halves[half], () => {}));
    this.#isDirty[half] = true
    this.#view.setUint32(USED + 4 * half, 0, true)
  }

  *read(epoch: number): Generator<void, Elements> {
    const half = halfOf(epoch)
    const found = new Map<string, readonly Cell[]>()
    yield* drainMap(this.#libbpf, this.#halves[half], ({ key, cells }: Element) => found.set(key, cells))
    this.#isDirty[half] = false
    return found
  }

  usage(epoch: number): MapUsage {
    const { shape } = this.#halves[0]
    const used = this.#view.getUint32(USED + 4 * halfOf(epoch), true)
    return { name: shape.name, used: Math.min(used, shape.entries), limit: shape.entries }
  }

  lost(): number {
    return readU64(this.#view, LOST)
  }

  close(): void {
    this.#state.release()
  }
}

function halfOf(epoch: number): 0 | 1 {
  return (epoch & 1) === 0 ? 0 : 1
}

/** Throws where what was loaded is not what the file says. */
function openMap(object: InKernel, shape: MapShape, name: string, processors: number): OpenMap {
  const map = object.maps.get(name)
  if (map === undefined) throw new Error(`it has no map ${name}`)
  if (map.keySize !== shape.keySize || map.valueSize !== shape.valueSize) {
    throw new Error(`the elements of map ${name} are not of the size of their types`)
  }
  return { fd: map.fd, shape: { ...shape, entries: map.entries }, decoder: new Decoder(shape, processors) }
}

/** Adds later elements to earlier ones. */
export function merge(fields: MapShape['fields'], into: Map<string, readonly Cell[]>, elements: Elements): void {
  for (const [key, cells] of elements) {
    const known = into.get(key)
    const sum = known?.map((cell, i) => (fields[i] === undefined ? cell : added(fields[i], cell, cells[i] ?? null)))
    into.set(key, sum ?? cells)
  }
}
