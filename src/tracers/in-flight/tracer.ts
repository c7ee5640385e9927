import { readU64 } from '../../bpf/btf/layout.ts'
import { gracePeriod } from '../../bpf/kernel.ts'
import type { ArrayMap, BpfObject } from '../../bpf/object.ts'
import { wayFor } from '../../plan/plan.ts'
import type { Arch } from '../../syscall/names.ts'
import { PORTION } from '../../table/slices.ts'
import { missedRuns } from '../loss.ts'
import type { Opened } from '../opening/opened.ts'
import type { Reading } from '../reading.ts'
import type { Interval, Tracer, Wanted } from '../tracer.ts'
import { Bounds } from './bounds.ts'
import { descriptorTable, tableOf } from './descriptors.ts'
import { IDLE_CALLS } from './idle.ts'
import { RecordReader, type Records } from './reading.ts'
import type { InFlightRow } from './row.ts'
import { BEGUN, InFlightRows, type Offsets, offsetsIn } from './rows.ts'
import { isStuck, STUCK_NS, stuckTable } from './stuck.ts'
import { inFlightTable } from './table.ts'

/** Threads in a call that are told at most; a row takes some 130 bytes, and its path. */
const LIMIT = { records: 32_768, bytes: 16 * 2 ** 20 }

/** The programs that see a call begin; those that an object does not have are not looked at. */
const BEGIN_PROGRAMS: ReadonlySet<string> = new Set(['sys_enter', 'sys_enter_again'])

/** Where the kernel offers no way; why not, the plan says. */
const NO_IN_FLIGHT: Tracer = { name: 'in_flight', source: 'none' }

/** By the way that the plan has chosen. */
export function openInFlight({ opener, plan, isOwn }: Opened): Tracer {
  const way = wayFor(plan, 'in_flight')
  const walk = way?.objects[0]
  const counting = wayFor(plan, 'syscalls')?.objects.at(-1)
  if (way === null || walk === undefined || counting === undefined) return NO_IN_FLIGHT
  const { source } = way
  return new InFlightTracer(opener.object(walk), { source, syscalls: opener.object(counting), isOwn })
}

/** How it is opened; nothing of it need be said. */
export interface InFlightSettings {
  readonly arch?: Arch
  /** As `sources` of a sample shows it. */
  readonly source?: string
  /** The object whose programs see calls begin, which may be another one. */
  readonly syscalls?: BpfObject
  /** Processes of the program itself, which have no row. */
  readonly isOwn?: (pid: number) => boolean
}

/** The walk over all threads, by bpf/in_flight.bpf.c or bpf/compat_in_flight.bpf.c. */
export class InFlightTracer implements Tracer {
  readonly name = 'in_flight'
  readonly source: string
  readonly table = inFlightTable.name
  readonly partTable = stuckTable.name
  // it walks behind all others, at the very end
  readonly after = ['connections']
  #wanted: Wanted = 'all'
  /** What the last walk was to find. */
  #read: Wanted = 'nothing'
  /** Threads in a call without a row in the last walk, for want of room. */
  #leftOut = 0
  readonly #object: BpfObject
  readonly #syscalls: BpfObject
  readonly #arch: Arch
  readonly #isOwn: (pid: number) => boolean
  readonly #settings: ArrayMap
  readonly #unsure: number
  readonly #least: number
  readonly #at: Offsets
  readonly #reader: RecordReader
  readonly #bounds = new Bounds()
  /** Since when the begin of every call that is watched now is seen, on the monotonic clock. */
  #watchedSinceNs = Infinity
  #filters = 0
  #rows: InFlightRows | null = null

  /** @param object that has the walk, attached */
  constructor(object: BpfObject, settings: InFlightSettings = {}) {
    this.#object = object
    this.source = settings.source ?? 'iter/task'
    this.#syscalls = settings.syscalls ?? object
    this.#arch = settings.arch ?? (process.arch === 'arm64' ? 'arm64' : 'x64')
    this.#isOwn = settings.isOwn ?? (() => false)
    this.#settings = object.array('in_flight_settings', 'in_flight_settings')
    const { layout, view } = this.#settings
    this.#unsure = layout.u32('unsure')
    const tables = { takes_descriptor: descriptorTable(this.#arch), waits: tableOf(this.#arch, IDLE_CALLS) }
    for (const [name, table] of Object.entries(tables)) {
      const at = layout.array(name, 1, table.length)
      for (const [number, is] of table.entries()) view.setUint8(at + number, is)
    }
    this.#least = layout.u64('least_ns')
    this.#at = offsetsIn(object.layout('in_flight_row'), object.layout('row_socket'))
    this.#reader = new RecordReader(this.#at.size, LIMIT)
    void this.watchAnew()
  }

  want(wanted: Wanted): void {
    this.#wanted = wanted
  }

  filterChanged(): void {
    void this.watchAnew()
  }

  /** What began before counts from when this resolves; nobody need wait for it. */
  async watchAnew(): Promise<void> {
    const filter = ++this.#filters
    this.#watchedSinceNs = Infinity
    // programs that still go by the one before may be at work
    await gracePeriod()
    if (filter === this.#filters) this.#watchedSinceNs = Number(process.hrtime.bigint())
  }

  /** Looks at all threads. Throws where the kernel refuses. */
  async beforeEnd(): Promise<void> {
    this.#rows = null
    this.#leftOut = 0
    this.#read = this.#wanted
    if (this.#wanted === 'nothing') return
    const unsure = missedRuns(this.#syscalls, BEGIN_PROGRAMS) > 0 ? 1 : 0
    this.#settings.view.setUint32(this.#unsure, unsure, true)
    this.#settings.view.setBigUint64(this.#least, this.#wanted === 'part' ? BigInt(STUCK_NS) : 0n, true)
    const records = await this.#reader.read(this.#object.openWalk('walk_threads'))
    this.#rows = this.#rowsOf(records)
    this.#leftOut = records.leftOut
  }

  *read(into: Reading, { times }: Interval): Generator<void, void> {
    const found = this.#rows
    if (found === null) return
    const rows: InFlightRow[] = []
    for (let i = 0; i < found.length; i++) {
      if (i % PORTION === 0) yield
      const row = found.at(i, times)
      if (row !== undefined) rows.push(row)
    }
    if (this.#read === 'all') into.tables.with(inFlightTable, rows)
    into.tables.with(stuckTable, rows.filter(isStuck))
  }

  notes(): readonly string[] {
    if (this.#leftOut === 0) return []
    return [`${this.#leftOut} more threads are in a system call: there is room for ${LIMIT.records} of them`]
  }

  #rowsOf({ bytes, starts }: Records): InFlightRows {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const others = starts.filter(start => !this.#isOwn(view.getUint32(start + this.#at.pid, true)))
    this.#bounds.turn()
    const since = others.map(start => this.#sinceNs(view, start))
    return new InFlightRows(bytes, others, since, this.#at, this.#arch)
  }

  /** When a call began, or can be said to have begun at the latest. */
  #sinceNs(view: DataView, start: number): number {
    const at = this.#at
    const seenNs = readU64(view, start + at.seen)
    switch (view.getUint8(start + at.begun)) {
      case BEGUN.seen:
      case BEGUN.earlier:
        return readU64(view, start + at.entered)
      case BEGUN.before:
        return Math.min(this.#watchedSinceNs, seenNs)
      default:
        return this.#bounds.sinceNs({
          tid: view.getUint32(start + at.tid, true),
          startedNs: readU64(view, start + at.threadStarted),
          call: view.getUint32(start + at.call, true),
          switches: readU64(view, start + at.switches),
          running: view.getUint8(start + at.running) !== 0,
          seenNs,
        })
    }
  }
}
