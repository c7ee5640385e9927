import type { Table } from '../table/table.ts'
import { connectionTable } from './connections/table.ts'
import { listenerTable } from './listeners/table.ts'
import { processTable } from './processes/table.ts'
import { slowTable } from './slow-calls/table.ts'
import { syscallTable } from './syscalls/table.ts'

/** The tables that come with the program, in the order of their tabs and keys. */
export const builtIn = [syscallTable, connectionTable, processTable, listenerTable, slowTable] as const

type ListOf<T> = T extends Table<infer Row, infer List> ? { readonly [name in List & string]: readonly Row[] } : never
type Intersection<T> = (T extends unknown ? (each: T) => void : never) extends (all: infer All) => void ? All : never

/** The lists of a json sample. */
export type Lists = Intersection<ListOf<(typeof builtIn)[number]>>

/** Every table there is. What names tables - tabs, keys, help, flags, json, csv, docs - is made from it. */
export class Registry {
  #tables: readonly Table<unknown>[]

  constructor(tables: readonly Table<unknown>[]) {
    this.#tables = []
    for (const table of tables) this.add(table)
  }

  get tables(): readonly Table<unknown>[] {
    return this.#tables
  }

  /** What `--view` takes. */
  get views(): readonly string[] {
    return [OVERVIEW, ...this.#tables.map(table => table.name)]
  }

  /** The tables of the overview. */
  get overview(): readonly Table<unknown>[] {
    return this.#tables.filter(table => table.inOverview === true)
  }

  /** The table with a name; undefined: there is none. */
  find(name: string): Table<unknown> | undefined {
    return this.#tables.find(table => table.name === name)
  }

  /** Adds one behind the others. Throws where its name, or that of its list, is taken. */
  add(table: Table<unknown>): void {
    const isTaken = table.name === OVERVIEW || this.find(table.name) !== undefined
    if (isTaken) throw new RangeError(`there is a view ${table.name} already`)
    if (table.list !== null && this.#tables.some(({ list }) => list === table.list)) {
      throw new RangeError(`there is a list ${table.list} already`)
    }
    this.#tables = [...this.#tables, table]
  }

  /** Takes one away again. */
  remove(name: string): void {
    this.#tables = this.#tables.filter(table => table.name !== name)
  }
}

/** The view that is no table. */
export const OVERVIEW = 'overview'

export const registry = new Registry(builtIn)
