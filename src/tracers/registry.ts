import type { Need } from '../plan/need.ts'
import type { Table } from '../table/table.ts'
import { oneLine } from '../text/line.ts'
import { byteMetrics } from './bytes/metrics.ts'
import { byteNeed } from './bytes/ways.ts'
import { connectionMetrics } from './connections/metrics.ts'
import { connectionTable } from './connections/table.ts'
import { connectionNeeds } from './connections/ways.ts'
import { errorTable } from './errors/table.ts'
import { ErrorTracer } from './errors/tracer.ts'
import { stuckTable } from './in-flight/stuck.ts'
import { inFlightTable } from './in-flight/table.ts'
import { openInFlight } from './in-flight/tracer.ts'
import { inFlightNeed } from './in-flight/ways.ts'
import { listenerTable } from './listeners/table.ts'
import type { TracerMetrics } from './metrics.ts'
import type { Opened } from './opening/opened.ts'
import { processTable } from './processes/table.ts'
import { processNeed } from './processes/ways.ts'
import { slowTable } from './slow-calls/table.ts'
import { syscallMetrics } from './syscalls/metrics.ts'
import { syscallTable } from './syscalls/table.ts'
import { syscallNeed } from './syscalls/ways.ts'
import type { Tracer } from './tracer.ts'

/** A table, and who fills it. */
export interface Kind<T extends Table<unknown> = Table<unknown>> {
  readonly table: T
  /** Absent: the built-in tracers fill it together (src/sample/built-in.ts). */
  readonly open?: (opened: Opened) => Tracer | Promise<Tracer>
  /** How what it shows can be measured, in the order in which that is decided; absent: others say so. */
  readonly needs?: readonly Need[]
  /** What is exported of it, made anew for each exporter; absent: nothing. */
  readonly metrics?: () => TracerMetrics
}

/** What comes with the program, in the order of tabs and keys: one more table is one more line. */
export const builtIn = [
  { table: syscallTable, needs: [syscallNeed, processNeed], metrics: syscallMetrics },
  { table: connectionTable, needs: connectionNeeds, metrics: connectionMetrics },
  { table: processTable, needs: [byteNeed], metrics: byteMetrics },
  { table: listenerTable },
  { table: slowTable },
  { table: inFlightTable, needs: [inFlightNeed], open: openInFlight },
  { table: errorTable, open: () => new ErrorTracer() },
] as const

/** A row as json has it. */
type Plain<Row> = 'toJSON' extends keyof Row ? (Row extends { toJSON?(): infer Whole } ? Whole : never) : Row
type ListOf<T> =
  T extends Table<infer Row, infer List> ? { readonly [name in List & string]: readonly Plain<Row>[] } : never
type Intersection<T> = (T extends unknown ? (each: T) => void : never) extends (all: infer All) => void ? All : never

/** The lists of a json sample. */
export type Lists = Intersection<ListOf<(typeof builtIn)[number]['table']>>

/** Every table there is. What names tables - tabs, keys, help, flags, json, csv, docs - is made from it. */
export class Registry {
  #kinds: readonly Kind[] = []
  #tables: readonly Table<unknown>[] = []

  constructor(kinds: readonly Kind[]) {
    for (const kind of kinds) this.add(kind)
  }

  /** In the order of tabs and keys. */
  get tables(): readonly Table<unknown>[] {
    return this.#tables
  }

  /** Opens those who fill tables besides the built-in tracers. One that cannot be opened is none, and says why. */
  async open(opened: Opened): Promise<Tracer[]> {
    const tracers = this.#kinds.map(async ({ table, open }) => {
      try {
        return (await open?.(opened)) ?? []
      } catch (error) {
        return unopened(table, error)
      }
    })
    return (await Promise.all(tracers)).flat()
  }

  /** What is to be measured, in the order in which its ways are decided. */
  get needs(): readonly Need[] {
    return this.#kinds.flatMap(({ needs }) => needs ?? [])
  }

  /** What is exported of each. */
  metrics(): readonly TracerMetrics[] {
    return this.#kinds.flatMap(({ metrics }) => metrics?.() ?? [])
  }

  /** What `--view` takes. */
  get views(): readonly string[] {
    return [OVERVIEW, ...this.tables.map(table => table.name)]
  }

  /** The tables of the overview. */
  get overview(): readonly Table<unknown>[] {
    return this.tables.filter(table => table.inOverview === true)
  }

  /** The names of the tables that a view of the screen shows rows of. In the overview calls in flight are, where any are stuck. */
  shownIn(view: string): readonly string[] {
    return view === OVERVIEW ? [...this.overview.map(({ name }) => name), stuckTable.name] : [view]
  }

  /** The table with a name; undefined: there is none. */
  find(name: string): Table<unknown> | undefined {
    return this.tables.find(table => table.name === name)
  }

  /** Adds one behind the others. Throws where its name, or that of its list, is taken. */
  add(kind: Kind): void {
    const { table } = kind
    const isTaken = table.name === OVERVIEW || this.find(table.name) !== undefined
    if (isTaken) throw new RangeError(`there is a view ${table.name} already`)
    if (table.list !== null && this.tables.some(({ list }) => list === table.list)) {
      throw new RangeError(`there is a list ${table.list} already`)
    }
    this.#set([...this.#kinds, kind])
  }

  /** Takes one away again. */
  remove(name: string): void {
    this.#set(this.#kinds.filter(({ table }) => table.name !== name))
  }

  #set(kinds: readonly Kind[]): void {
    this.#kinds = kinds
    this.#tables = kinds.map(({ table }) => table)
  }
}

/** The view that is no table. */
export const OVERVIEW = 'overview'

export const registry = new Registry(builtIn)

function unopened({ name, list, noun }: Table<unknown>, error: unknown): Tracer {
  const reason = oneLine(error instanceof Error ? error.message : String(error))
  return {
    name: list ?? name,
    source: `none (${reason})`,
    notes: () => [`${noun.many} cannot be seen: ${reason}`],
  }
}
