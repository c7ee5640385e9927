import { closeSync } from 'node:fs'
import { basename } from 'node:path'
import koffi from 'koffi'
import { errnoName } from '../syscall/errno.ts'
import { Btf } from './btf/btf.ts'
import { readObject } from './btf/elf.ts'
import { StructLayout } from './btf/layout.ts'
import { ASK_DOCTOR, because, check, loadError } from './check.ts'
import { BpfError, REINSTALL } from './error.ts'
import { copyMemory, type Mapping, mapShared, runToEnd } from './kernel.ts'
import { type Libbpf, OpenOptions, type Pointer, ProgramInfo } from './libbpf.ts'
import { KeyedMap, possibleProcessors } from './maps/hash.ts'
import { RowMap } from './maps/row-map.ts'
import type { SharedMaps } from './maps/shared-maps.ts'
import { stopRecording, type Tracefs } from './tracepoint.ts'

/** An array map of structs, mapped into this process: what the kernel side writes is read with no system call. */
export interface ArrayMap {
  readonly layout: StructLayout
  readonly entries: number
  readonly view: DataView
}

/** Time and runs of a program, and the runs that the kernel left out because it was running already. */
export interface ProgramStatistics {
  readonly name: string
  readonly run_time_ns: number
  readonly run_count: number
  readonly missed: number
}

/** How an object is opened; nothing of it need be said. */
export interface OpenSettings {
  /** Kernel type information from this file; null: the kernel's own. */
  readonly btf?: string | null
  /** Programs that are left out. */
  readonly without?: readonly string[]
  /** What the file holds; absent: it is read. */
  readonly bytes?: Uint8Array
}

/** One loaded BPF object. Everything it holds in the kernel goes with `close`. */
export class BpfObject {
  readonly #libbpf: Libbpf
  readonly #object: Pointer
  readonly #btf: Btf
  readonly #programs = new Map<string, Pointer>()
  readonly #maps = new Map<string, Pointer>()
  readonly #links: Pointer[] = []
  readonly #iterators = new Map<string, Pointer>()
  readonly #mappings: Mapping[] = []
  readonly #rows: RowMap[] = []

  /** Opens and loads the file. Throws a BpfError with libbpf's last words where that fails. */
  static load(libbpf: Libbpf, path: string, shared: SharedMaps, settings: OpenSettings = {}): BpfObject {
    const object = new BpfObject(libbpf, path, shared, settings)
    const status = libbpf.load(object.#object)
    if (status === 0) return object.#loaded(shared)
    libbpf.close(object.#object)
    throw loadError(path, status, libbpf.takeLog())
  }

  /** The same on another thread, with no word about why it fails: null then. */
  static async loadAside(
    libbpf: Libbpf,
    path: string,
    shared: SharedMaps,
    settings: OpenSettings = {},
  ): Promise<BpfObject | null> {
    const object = new BpfObject(libbpf, path, shared, settings)
    if ((await libbpf.loadAside(object.#object)) === 0) return object.#loaded(shared)
    libbpf.close(object.#object)
    return null
  }

  private constructor(
    libbpf: Libbpf,
    path: string,
    shared: SharedMaps,
    { btf = null, without = [], bytes = readObject(path) }: OpenSettings,
  ) {
    this.#libbpf = libbpf
    libbpf.takeLog()
    // the name that libbpf would give it after its file, which maps in the kernel are named by
    const name = basename(path).replace(/\..*/, '')
    const options = { sz: koffi.sizeof(OpenOptions), object_name: name, btf_custom_path: btf }
    this.#object = libbpf.open(bytes, bytes.length, options)
    if (this.#object === null) {
      throw new BpfError(`cannot open ${path}${because(libbpf.takeLog())}`, REINSTALL)
    }
    try {
      this.#btf = readBtf(libbpf, this.#object)
      for (const map of walk(previous => libbpf.nextMap(this.#object, previous))) {
        this.#maps.set(libbpf.mapName(map), map)
        shared.reuse(libbpf, map)
      }
      for (const program of walk(previous => libbpf.nextProgram(this.#object, previous))) {
        const name = libbpf.programName(program)
        if (without.includes(name)) check(libbpf.setAutoload(program, false), `disabling ${name}`)
        else this.#programs.set(name, program)
      }
    } catch (error) {
      libbpf.close(this.#object)
      throw error
    }
  }

  #loaded(shared: SharedMaps): this {
    for (const map of this.#maps.values()) shared.remember(this.#libbpf, map)
    return this
  }

  /**
   * Attaches every program but iterators, which wait to be run, and those that are run by themselves. Those that
   * `optional` names may fail. `tracefs` is where tracepoints are looked up; without it libbpf does it.
   */
  attach(optional: ReadonlySet<string> = new Set(), tracefs: Tracefs | null = null): void {
    for (const [name, program] of this.#programs) {
      if (this.#libbpf.programSection(program) === 'syscall') continue
      const link = this.#attach(program, tracefs)
      if (link === null) {
        const errno = koffi.errno()
        if (optional.has(name)) continue
        throw new BpfError(
          `cannot attach ${name}: ${errnoName(Math.abs(errno))}${because(this.#libbpf.takeLog())}`,
          ASK_DOCTOR,
        )
      }
      if (name.startsWith('walk_')) this.#iterators.set(name, link)
      this.#links.push(link)
    }
  }

  /** Takes back all that `attach` did; what the programs counted stays. */
  detach(): void {
    for (const link of this.#links.splice(0)) this.#libbpf.linkDestroy(link)
    this.#iterators.clear()
  }

  #attach(program: Pointer, tracefs: Tracefs | null): Pointer {
    const tracepoint = /^(?:tp|tracepoint)\/(.*)$/.exec(this.#libbpf.programSection(program))?.[1]
    if (tracefs === null || tracepoint === undefined) return this.#libbpf.attach(program)
    const event = tracefs.openEvent(tracepoint)
    const link = this.#libbpf.attachPerfEvent(program, event)
    if (link === null) closeSync(event)
    else stopRecording(event)
    return link
  }

  /** An iterator over all that its program walks, of the network namespace that this process is in; call after `attach`. */
  openWalk(name: string): number {
    const link = this.#iterators.get(name)
    if (link === undefined) throw new RangeError(`no iterator ${name}`)
    const fd = this.#libbpf.iteratorCreate(this.#libbpf.linkFd(link))
    check(fd, `opening iterator ${name}`)
    return fd
  }

  /** Runs an iterator program over all that it walks; call only after `attach`. */
  async walk(name: string): Promise<void> {
    const fd = this.openWalk(name)
    try {
      await runToEnd(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** Whether the object has a program, and was not loaded without it. */
  has(name: string): boolean {
    return this.#programs.has(name)
  }

  /** Runs a program of type `syscall` once, on another thread. */
  async run(name: string): Promise<void> {
    const program = this.#programs.get(name)
    if (program === undefined) throw new RangeError(`no program ${name}`)
    check(await this.#libbpf.run(this.#libbpf.programFd(program)), `running ${name}`)
  }

  /** Where the members of a struct of this object lie. */
  layout(structName: string): StructLayout {
    return new StructLayout(this.#btf, structName)
  }

  /** The value of a constant of an enum of this object. */
  constant(name: string): number {
    return this.#btf.constant(name)
  }

  /** Descriptors of its maps, some of which may be those of other objects as well. */
  mapDescriptors(): number[] {
    return Array.from(this.#maps.values(), map => this.#libbpf.mapFd(map))
  }

  /** Entries that a map has room for. */
  entries(mapName: string): number {
    return this.#libbpf.mapMaxEntries(this.#mapNamed(mapName))
  }

  /** A small array map of `struct name` values, mapped whole. */
  array(mapName: string, structName: string): ArrayMap {
    const { map, layout, entries } = this.#arrayOf(mapName, structName)
    return { layout, entries, view: this.#map(map, entries * layout.size) }
  }

  /** A large array map of `struct name` values. */
  rows(mapName: string, structName: string): RowMap {
    const { map, layout, entries } = this.#arrayOf(mapName, structName)
    const rows = new RowMap(mapName, layout, entries, this.#libbpf.mapFd(map))
    this.#rows.push(rows)
    return rows
  }

  #arrayOf(mapName: string, structName: string): { map: Pointer; layout: StructLayout; entries: number } {
    const map = this.#mapNamed(mapName)
    const layout = this.layout(structName)
    if (this.#libbpf.mapValueSize(map) !== layout.size) {
      throw new RangeError(`map ${mapName} does not hold struct ${structName}`)
    }
    return { map, layout, entries: this.#libbpf.mapMaxEntries(map) }
  }

  /** The bytes of an array map. */
  bytes(mapName: string): DataView {
    const map = this.#mapNamed(mapName)
    return this.#map(map, this.#libbpf.mapMaxEntries(map) * this.#libbpf.mapValueSize(map))
  }

  /** A map with keys; `perProcessor`: with a value for each processor, each padded to 8 bytes. */
  keyed(mapName: string, perProcessor = false): KeyedMap {
    const map = this.#mapNamed(mapName)
    const size = this.#libbpf.mapValueSize(map)
    const whole = perProcessor ? Math.ceil(size / 8) * 8 * possibleProcessors() : size
    const sizes = { key: this.#libbpf.mapKeySize(map), value: whole, room: this.#libbpf.mapMaxEntries(map) }
    return new KeyedMap(this.#libbpf, this.#libbpf.mapFd(map), mapName, sizes)
  }

  /** Open files by which all of it stays in the kernel, whoever loaded it; call after `attach`. */
  handles() {
    const lib = this.#libbpf
    const sizesOf = (map: Pointer) => ({ keySize: lib.mapKeySize(map), valueSize: lib.mapValueSize(map) })
    return {
      maps: Array.from(this.#maps, ([name, map]) => {
        return { name, fd: lib.mapFd(map), ...sizesOf(map), entries: lib.mapMaxEntries(map) }
      }),
      programs: Array.from(this.#programs.values(), at => ({ section: lib.programSection(at), fd: lib.programFd(at) })),
      links: this.#links.map(link => lib.linkFd(link)),
    }
  }

  /** Of all programs, or of those that `of` names. */
  statistics(of: ReadonlySet<string> | null = null): ProgramStatistics[] {
    return [...this.#programs]
      .filter(([name]) => of === null || of.has(name))
      .map(([name, program]) => {
        const info: Partial<Record<'run_time_ns' | 'run_cnt' | 'recursion_misses', number | bigint>> = {}
        const size = Uint32Array.of(koffi.sizeof(ProgramInfo))
        check(this.#libbpf.objectInfoByFd(this.#libbpf.programFd(program), info, size), `statistics of ${name}`)
        return {
          name,
          run_time_ns: Number(info.run_time_ns ?? 0),
          run_count: Number(info.run_cnt ?? 0),
          missed: Number(info.recursion_misses ?? 0),
        }
      })
  }

  close(): void {
    for (const mapping of this.#mappings) mapping.release()
    for (const rows of this.#rows) rows.close()
    this.detach()
    this.#libbpf.close(this.#object)
  }

  #mapNamed(name: string): Pointer {
    const map = this.#maps.get(name)
    if (map === undefined) throw new RangeError(`no map ${name}`)
    return map
  }

  #map(map: Pointer, length: number): DataView {
    const mapping = mapShared(this.#libbpf.mapFd(map), length)
    this.#mappings.push(mapping)
    return new DataView(mapping.buffer)
  }
}

function readBtf(libbpf: Libbpf, object: Pointer): Btf {
  const size = new Uint32Array(1)
  const address = libbpf.btfRawData(libbpf.objectBtf(object), size)
  if (address === null) throw new BpfError('a BPF object without type information', REINSTALL)
  return new Btf(copyMemory(address, size[0] ?? 0))
}

/** Follows one of libbpf's next functions from the first to the last. */
function* walk(next: (previous: Pointer) => Pointer): Generator<Pointer> {
  for (let at = next(null); at !== null; at = next(at)) yield at
}
