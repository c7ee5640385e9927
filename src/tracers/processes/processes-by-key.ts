import type { ProcessRow } from './row.ts'

/** Whose something is: its process id, and the start of that process; null: it is not known. */
export interface OfProcess {
  readonly pid: number | null
  readonly process_started_ns: number | null
}

/** The processes of a sample, of which several may have had one pid. */
export class ProcessesByKey {
  readonly #byPid: ReadonlyMap<number, readonly ProcessRow[]>

  constructor(rows: readonly ProcessRow[]) {
    this.#byPid = Map.groupBy(rows, row => row.pid)
  }

  /** Whose it is; where the start of that process is not known, the last one with its pid. */
  of({ pid, process_started_ns }: OfProcess): ProcessRow | undefined {
    const rows = this.#byPid.get(pid ?? 0)
    if (process_started_ns === null) return rows?.at(-1)
    return rows?.find(row => row.started_ns === process_started_ns)
  }
}
