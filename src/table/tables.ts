import type { Table } from './table.ts'

/** The rows of one sample by their tables. */
export class Tables {
  readonly #rows = new Map<string, readonly unknown[]>()

  /** Sets the rows of a table. */
  with<Row>(table: Table<Row>, rows: readonly Row[]): this {
    this.#rows.set(table.name, rows)
    return this
  }

  /** Whether a table was looked at in this sample. */
  has(table: Table<unknown>): boolean {
    return this.#rows.has(table.name)
  }

  /** The rows of a table; none where nobody set any. */
  of<Row>(table: Table<Row>): readonly Row[] {
    // what is set under the name of a table are rows of it
    return (this.#rows.get(table.name) ?? []) as readonly Row[]
  }
}
