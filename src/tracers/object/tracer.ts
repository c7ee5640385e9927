/** A tracer from a BPF object: what its maps hold becomes rows. */

import { readFileSync } from 'node:fs'
import koffi from 'koffi'
import { BpfError } from '../../bpf/error.ts'
import { type Libbpf, ProgramInfo } from '../../bpf/libbpf.ts'
import { possibleProcessors } from '../../bpf/maps/hash.ts'
import { saveVerifierLog } from '../../bpf/verifier.ts'
import { HistogramSum, summarize, total } from '../../table/histogram.ts'
import { PORTION } from '../../table/slices.ts'
import type { Losses } from '../loss.ts'
import { Since } from '../loss.ts'
import type { Opened } from '../opening/opened.ts'
import { ProcessesByKey } from '../processes/processes-by-key.ts'
import { processTable } from '../processes/table.ts'
import type { Reading } from '../reading.ts'
import type { Interval, IntervalRows, Tracer } from '../tracer.ts'
import type { MapShape } from './field.ts'
import { ObjectControl } from './interval-control.ts'
import { type InKernel, loadAside } from './loading.ts'
import { joinsOf, type ObjectRow, type ObjectTable } from './table.ts'
import { type Elements, HalvedMap, merge, type Source, WholeMap } from './tables.ts'
import type { TracerFile } from './tracer-file.ts'

/** What cannot be loaded is seen nowhere, and says why. */
export async function openTracer(file: TracerFile, tables: readonly ObjectTable[], opened: Opened): Promise<Tracer> {
  const { btf, owner, onClose } = opened
  try {
    const object = await loadAside({ path: file.path, bytes: file.bytes, btf })
    onClose(() => object.close())
    opened.maps.push(...Array.from(object.maps.values(), ({ fd }) => fd))
    return new ObjectTracer(file, tables, object, opened)
  } catch (error) {
    const log = error instanceof BpfError ? saveVerifierLog(error.log, owner) : null
    const reason = error instanceof BpfError ? error.what : error instanceof Error ? error.message : String(error)
    const more = log === null ? '' : `; the full log of the verifier is in ${log}`
    const remedy = log === null && error instanceof BpfError ? `: ${error.remedy}` : ''
    return {
      name: file.name,
      source: `none (${reason})`,
      notes: () => [`the tracer ${file.name} cannot be started: ${reason}${remedy}${more}`],
    }
  }
}

interface Filled {
  readonly table: ObjectTable
  readonly map: MapShape
  readonly source: Source
  /** Of intervals that ended early. */
  earlier: Map<string, Elements extends ReadonlyMap<string, infer Cells> ? Cells : never>
}

class ObjectTracer implements Tracer {
  readonly name: string
  readonly source: string
  readonly after = ['processes and connections']
  readonly rows: readonly IntervalRows[]
  readonly #file: TracerFile
  readonly #object: InKernel
  readonly #opened: Opened
  readonly #filled: readonly Filled[]
  readonly #control: ObjectControl | null
  readonly #since = new Since()

  constructor(file: TracerFile, tables: readonly ObjectTable[], object: InKernel, opened: Opened) {
    this.name = file.name
    this.source = object.source
    this.#file = file
    this.#object = object
    this.#opened = opened
    this.#control = file.object.hasControl ? new ObjectControl(object, opened.self ?? 0) : null
    opened.onClose(() => this.#control?.close())
    this.#control?.setFilter(opened.pids())
    const processors = possibleProcessors()
    const rows: IntervalRows[] = []
    this.#filled = tables.flatMap((table, i) => {
      const map = file.tables[i]?.[1]
      if (map === undefined) return []
      const { source, halved } = sourceOf(file, map, object, opened.opener.libbpf, processors)
      if (halved !== null) {
        opened.onClose(() => halved.close())
        rows.push(this.#rowsOf(halved))
      }
      return [{ table, map, source, earlier: new Map() }]
    })
    this.rows = rows
  }

  #rowsOf(halved: HalvedMap): IntervalRows {
    return {
      prepare: epoch => {
        halved.prepare(epoch)
        this.#control?.advance(epoch)
      },
      fill: epoch => {
        const { used, limit } = halved.usage(epoch)
        return used / limit
      },
      usage: epoch => halved.usage(epoch),
    }
  }

  *early(epoch: number): Generator<void, void> {
    for (const { map, source, earlier } of this.#filled) {
      if (map.halves !== null) merge(map.fields, earlier, yield* source.read(epoch))
    }
  }

  *read(into: Reading, { epoch, pids }: Interval): Generator<void, void> {
    const processes = new ProcessesByKey(into.tables.of(processTable))
    const names = new Names(processes)
    for (const filled of this.#filled) {
      const { map, table, source, earlier } = filled
      const elements = yield* source.read(epoch)
      merge(map.fields, earlier, elements)
      filled.earlier = new Map()
      into.tables.with(table, yield* this.#rowsFrom(map, earlier, pids, names))
    }
  }

  *#rowsFrom(map: MapShape, elements: Elements, pids: readonly number[], names: Names): Generator<void, ObjectRow[]> {
    const joins = joinsOf(map)
    const of = map.fields.findIndex(({ id }) => id === joins[0]?.of)
    const wanted = new Set(pids)
    const rows: ObjectRow[] = []
    let seen = 0
    for (const [key, cells] of elements) {
      if (++seen % PORTION === 0) yield
      const found = cells[of]
      const pid = typeof found === 'number' ? found : null
      if (pid !== null && (wanted.size > 0 ? !wanted.has(pid) : this.#opened.isOwn(pid))) continue
      const values: Record<string, ObjectRow['values'][string]> = {}
      const histograms: Record<string, HistogramSum> = {}
      for (const [i, field] of map.fields.entries()) {
        if (field.tags.hidden === true) continue
        const cell = cells[i] ?? null
        if (cell instanceof HistogramSum) histograms[field.id] = cell
        values[field.id] = cell instanceof HistogramSum ? summarize(cell, total(cell)) : cell
        const join = joins.find(each => each.of === field.id)
        if (join !== undefined && typeof cell === 'number') names.join(values, join, cell)
      }
      rows.push({ key: `${this.name} ${key}`, pid, values, histograms })
    }
    return rows
  }

  filterChanged(): void {
    this.#control?.setFilter(this.#opened.pids())
  }

  lost(): Losses {
    const noRow = this.#filled.reduce((sum, { source }) => sum + source.lost(), 0)
    return this.#since.take({ no_row: noRow, missed: this.#missed() })
  }

  notes(): readonly string[] {
    const notes = this.#filled.flatMap(({ source }) => (source.note === null ? [] : [source.note]))
    return [...this.#file.object.notes, ...notes].map(note => `${this.name}: ${note}`)
  }

  /** Runs of its programs that the kernel left out. */
  #missed(): number {
    let missed = 0
    for (const fd of this.#object.programs) {
      const info: { recursion_misses?: number | bigint } = {}
      const size = Uint32Array.of(koffi.sizeof(ProgramInfo))
      if (this.#opened.opener.libbpf.objectInfoByFd(fd, info, size) === 0) missed += Number(info.recursion_misses ?? 0)
    }
    return missed
  }
}

function sourceOf(
  { isDelta }: TracerFile,
  map: MapShape,
  object: InKernel,
  libbpf: Libbpf,
  processors: number,
): { source: Source; halved: HalvedMap | null } {
  if (map.halves === null) return { source: new WholeMap(libbpf, object, map, processors, isDelta), halved: null }
  const halved = new HalvedMap(libbpf, object, map, map.halves, processors)
  return { source: halved, halved }
}

/** Files of /proc that are read for the names of one sample. */
const MOST_READ = 512

/** Who the processes of rows are. */
class Names {
  readonly #processes: ProcessesByKey
  readonly #found = new Map<number, string | null>()

  constructor(processes: ProcessesByKey) {
    this.#processes = processes
  }

  join(values: Record<string, unknown>, join: ReturnType<typeof joinsOf>[number], pid: number): void {
    const row = this.#processes.of({ pid, process_started_ns: null })
    if (join.name !== null) values[join.name] = row?.name ?? this.#nameOf(pid)
    if (join.command !== null) values[join.command] = row?.command ?? null
    if (join.container !== null) values[join.container] = row?.container ?? null
  }

  /** That of a process that did nothing in the interval; null: it is gone. */
  #nameOf(pid: number): string | null {
    const known = this.#found.get(pid)
    if (known !== undefined) return known
    let name: string | null = null
    try {
      // this file, unlike others there, waits for nobody
      if (this.#found.size < MOST_READ) name = readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()
    } catch {
      // it has ended
    }
    this.#found.set(pid, name)
    return name
  }
}
