/** From the rows of connections, one a sample, to what happened to each of them: what began, ended or failed once. */

import { hasFailed } from './outcome.ts'
import type { ConnectionRow } from './row.ts'

/** What the sample before said of a connection. */
interface Known {
  readonly established: boolean
  readonly retransmits: number
}

export interface ConnectionChange {
  readonly row: ConnectionRow
  /** It was established, since the sample before. */
  readonly established: boolean
  /** It failed before it was established. */
  readonly failed: boolean
  /** It closed, having been established. */
  readonly closed: boolean
  /** Its beginning was seen. */
  readonly whole: boolean
  /** Segments sent again since the sample before. */
  readonly retransmits: number
}

export class ConnectionChanges {
  #known = new Map<number, Known>();

  /** The changes in one sample, all of which must be read; of every sample in turn, or what it missed is not told. */
  *of(connections: readonly ConnectionRow[]): Generator<ConnectionChange, void> {
    const before = this.#known
    const open = new Map<number, Known>()
    for (const row of connections) {
      yield changeOf(row, row.opened ? undefined : before.get(row.id))
      if (!row.closed) open.set(row.id, { established: row.established, retransmits: row.retransmits })
    }
    this.#known = open
  }
}

function changeOf(row: ConnectionRow, known: Known | undefined): ConnectionChange {
  const whole = !row.age_is_minimum
  const { established } = row
  return {
    row,
    established: established && (known === undefined ? row.opened : !known.established),
    failed: hasFailed(row),
    closed: row.closed && established,
    whole,
    retransmits: Math.max(0, row.retransmits - (known?.retransmits ?? (row.opened ? 0 : row.retransmits))),
  }
}

/** `error.type` where nobody told the reason: the process gave up, or compatible mode does not know it. */
const OTHER = '_OTHER'

/** Why it failed; null: it did not. */
export function failureOf(row: ConnectionRow): string | null {
  return hasFailed(row) ? (row.error ?? OTHER) : null
}
