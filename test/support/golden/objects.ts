/** BPF objects whose maps hold what the tape has. */

import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Btf } from '../../../src/bpf/btf/btf.ts'
import { StructLayout } from '../../../src/bpf/btf/layout.ts'
import { BpfError } from '../../../src/bpf/error.ts'
import { RowMap } from '../../../src/bpf/maps/row-map.ts'
import type * as Objects from '../../../src/bpf/object.ts'
import { sectionOf } from '../elf.ts'
import { intervalNow, isRecording, lastOf, notesOf, PAGE, type TapedMap, type TapedObject, theTape } from './tape.ts'

// the real one, whatever stands for it
const { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } =
  process.getBuiltinModule('node:fs')

type Actual = Objects.BpfObject

/** Maps that the program alone writes to. */
const CONTROLS = ['control', 'compat_control']

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** Memory that the kernel side would write to. */
interface Played {
  /** Puts there what was at the end of an interval. */
  load(interval: number): void
}

/** What is read of a map while recording. */
interface Heard {
  note(interval: number): void
}

const played = new Map<string, Played>()
const heard = new Map<string, Heard>()

/** Puts all that was at the end of an interval into the maps, but for what the program itself says. */
export function load(interval: number): void {
  for (const [name, map] of played) if (!CONTROLS.includes(name)) map.load(interval)
}

/** Notes what all maps hold. */
export function note(interval: number): void {
  for (const map of heard.values()) map.note(interval)
}

export function forgetMaps(): void {
  played.clear()
  heard.clear()
}

/** Number of the interval under way, which the program has told the kernel side. */
let epochOf: (() => number) | null = null

export function epoch(): number {
  return epochOf?.() ?? 0
}

export function mockObjects(actual: typeof Objects) {
  class BpfObject extends TapedBpfObject {
    static load(...args: Parameters<typeof Objects.BpfObject.load>): BpfObject {
      return new BpfObject(args[1], () => actual.BpfObject.load(...args))
    }

    static async loadAside(...args: Parameters<typeof Objects.BpfObject.loadAside>): Promise<BpfObject | null> {
      const loaded = isRecording() ? await actual.BpfObject.loadAside(...args) : null
      if (isRecording() && loaded === null) return null
      return new BpfObject(args[1], () => loaded ?? fail(`no ${args[1]}`))
    }
  }
  return { ...actual, BpfObject }
}

function fail(why: string): never {
  throw new Error(why)
}

class TapedBpfObject {
  readonly #actual: Actual | null
  readonly #taped: TapedObject
  readonly #path: string

  constructor(path: string, load: () => Actual) {
    this.#path = path
    const name = basename(path)
    const { objects } = theTape()
    if (isRecording()) {
      objects[name] ??= { btf: base64(sectionOf(readFileSync(path), '.BTF')), error: null, programs: [] }
      this.#taped = objects[name]
      this.#actual = this.#noting(load)
    } else {
      this.#taped = objects[name] ?? { btf: '', error: { what: `${name} was not recorded`, remedy: '' }, programs: [] }
      this.#actual = null
      this.#throwError()
    }
  }

  attach(...args: Parameters<Actual['attach']>): void {
    if (this.#actual !== null) this.#noting(() => this.#actual?.attach(...args))
  }

  detach(): void {
    this.#actual?.detach()
  }

  openWalk(name: string): number {
    return this.#actual?.openWalk(name) ?? -1
  }

  async walk(name: string): Promise<void> {
    await this.#actual?.walk(name)
  }

  /** The walk over sockets, which is before the end of an interval. */
  async run(name: string): Promise<void> {
    if (this.#actual !== null) return this.#actual.run(name)
    load(epoch())
  }

  has(name: string): boolean {
    if (this.#actual === null) return this.#taped.programs.includes(name)
    const has = this.#actual.has(name)
    if (has && !this.#taped.programs.includes(name)) this.#taped.programs.push(name)
    return has
  }

  layout(struct: string): StructLayout {
    return this.#actual?.layout(struct) ?? new StructLayout(new Btf(Buffer.from(this.#taped.btf, 'base64')), struct)
  }

  /** As it is now: what was recorded has no constants. */
  constant(name: string): number {
    return this.#actual?.constant(name) ?? new Btf(sectionOf(readFileSync(this.#path), '.BTF')).constant(name)
  }

  entries(map: string): number {
    const taped = this.#map(map, () => this.#actual?.entries(map) ?? 0)
    return taped.entries
  }

  array(map: string, struct: string): Objects.ArrayMap {
    if (this.#actual !== null) {
      const found = this.#actual.array(map, struct)
      this.#hear(map, found.entries, () => found.view)
      return found
    }
    const layout = this.layout(struct)
    const { entries } = this.#map(map)
    const view = this.#bytes(map, entries * layout.size)
    if (CONTROLS.includes(map)) epochOf = () => view.getUint32(layout.u32('epoch'), true)
    return { layout, entries, view }
  }

  bytes(map: string): DataView {
    if (this.#actual === null) return this.#bytes(map, this.#map(map).entries)
    const view = this.#actual.bytes(map)
    this.#hear(map, view.byteLength, () => view)
    return view
  }

  rows(map: string, struct: string): RowMap {
    if (this.#actual !== null) {
      const found = this.#actual.rows(map, struct)
      // one of its own: what is mapped by the other one is in use
      const other = this.#actual.rows(map, struct)
      this.#hear(map, found.entries, () => other.copy(0, other.entries).bytes)
      return found
    }
    const layout = this.layout(struct)
    const { entries } = this.#map(map)
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-golden-'))
    const fd = openSync(join(folder, map), 'w+')
    rmSync(folder, { recursive: true })
    ftruncateSync(fd, entries * layout.size)
    this.#play(map, (page, bytes) => writeSync(fd, bytes, 0, bytes.length, page * PAGE))
    this.#closers.push(() => closeSync(fd))
    return new RowMap(map, layout, entries, fd)
  }

  keyed(map: string, perProcessor = false) {
    if (this.#actual !== null) {
      const found = this.#actual.keyed(map, perProcessor)
      const taped = this.#map(map, () => this.#actual?.entries(map) ?? 0)
      this.#listen(map, {
        note: interval => {
          const elements = Array.from(found.entries(), ([key, value]): [string, string] => [
            base64(bytesOf(key)),
            base64(bytesOf(value)),
          ])
          taped.elements[interval] = elements.sort()
        },
      })
      return found
    }
    const taped = this.#map(map)
    const found = new PlayedMap()
    const before = played.get(map)
    played.set(map, {
      load: interval => {
        before?.load(interval)
        found.fill(taped.elements[interval] ?? [])
      },
    })
    played.get(map)?.load(0)
    if (CONTROLS.includes(map)) {
      const layout = this.layout(map)
      epochOf = () => found.first()?.getUint32(layout.u32('epoch'), true) ?? 0
      found.onSet = value => {
        const view = viewOf(value)
        view.setUint32(layout.u32('greeter'), theTape().self, true)
        // the first interval begins
        if (view.getUint32(layout.u32('epoch'), true) === 1 && intervalNow() === 0) load(1)
      }
    }
    return found
  }

  statistics(of: ReadonlySet<string> | null = null): Objects.ProgramStatistics[] {
    if (this.#actual === null) {
      return [...new Set(theTape().missed.flatMap(notes => Object.keys(notes)))]
        .filter(name => of === null || of.has(name))
        .map(name => ({ name, run_time_ns: 0, run_count: 0, missed: lastOf(theTape().missed, name) ?? 0 }))
    }
    const found = this.#actual.statistics(of)
    for (const { name, missed } of found) if (missed > 0) notesOf(theTape().missed)[name] = missed
    return found
  }

  readonly #closers: (() => void)[] = []

  /** What is unmapped can't be read any more. */
  #listen(map: string, ear: Heard): void {
    heard.set(map, ear)
    this.#closers.push(() => {
      if (heard.get(map) === ear) heard.delete(map)
    })
  }

  close(): void {
    this.#actual?.close()
    for (const close of this.#closers.splice(0)) close()
  }

  #noting<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      if (error instanceof BpfError) this.#taped.error = { what: error.what, remedy: error.remedy }
      throw error
    }
  }

  #throwError(): void {
    const { error } = this.#taped
    if (error !== null) throw new BpfError(error.what, error.remedy)
  }

  #map(name: string, entries: () => number = () => fail(`map ${name} was not recorded`)): TapedMap {
    const { maps } = theTape()
    maps[name] ??= { entries: entries(), pages: [], elements: [] }
    return maps[name]
  }

  /** Notes the pages of an array that changed since the interval before. */
  #hear(name: string, entries: number, read: () => DataView): void {
    const taped = this.#map(name, () => entries)
    let before = Buffer.alloc(0)
    this.#listen(name, {
      note: interval => {
        const now = Buffer.from(bytesOf(read()))
        const pages: Record<string, string> = {}
        for (let at = 0; at < now.length; at += PAGE) {
          const page = now.subarray(at, at + PAGE)
          const last = before.length === 0 ? Buffer.alloc(page.length) : before.subarray(at, at + PAGE)
          if (!page.equals(last)) pages[at / PAGE] = page.every(byte => byte === 0) ? '' : base64(page)
        }
        taped.pages[interval] = pages
        before = now
      },
    })
  }

  #bytes(name: string, length: number): DataView {
    const bytes = new Uint8Array(length)
    this.#play(name, (page, content) => bytes.set(content.subarray(0, length - page * PAGE), page * PAGE))
    return new DataView(bytes.buffer)
  }

  #play(name: string, write: (page: number, bytes: Uint8Array) => void): void {
    const { pages } = this.#map(name)
    const before = played.get(name)
    const all = new Set(pages.flatMap(changed => Object.keys(changed)))
    const loadOne = (interval: number): void => {
      before?.load(interval)
      for (const page of all) {
        const changed = pages.slice(0, interval + 1).findLast(of => of[page] !== undefined)?.[page] ?? ''
        write(Number(page), changed === '' ? new Uint8Array(PAGE) : Buffer.from(changed, 'base64'))
      }
    }
    played.set(name, { load: loadOne })
    loadOne(0)
  }
}

/** A map with keys. */
class PlayedMap {
  #elements = new Map<string, Uint8Array>()
  onSet: (value: Uint8Array) => void = () => {}

  fill(elements: readonly (readonly [key: string, value: string])[]): void {
    this.#elements = new Map(elements.map(([key, value]) => [key, new Uint8Array(Buffer.from(value, 'base64'))]))
  }

  first(): DataView | undefined {
    const [value] = this.#elements.values()
    return value && viewOf(value)
  }

  get(key: Uint8Array): DataView | null {
    const value = this.#elements.get(base64(key))
    return value === undefined ? null : viewOf(value)
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const copy = value.slice()
    this.#elements.set(base64(key), copy)
    this.onSet(copy)
  }

  delete(key: Uint8Array): void {
    this.#elements.delete(base64(key))
  }

  *entries(): Generator<[key: DataView, value: DataView]> {
    for (const [key, value] of this.#elements) yield [viewOf(new Uint8Array(Buffer.from(key, 'base64'))), viewOf(value)]
  }

  *drain(): Generator<[key: DataView, value: DataView]> {
    try {
      yield* this.entries()
    } finally {
      this.#elements.clear()
    }
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
