import { oneLine } from '../text/line.ts'
import { NO_SOCKETS } from './connections/sockets/record.ts'
import type { Tracers } from './parts.ts'
import type { CallRecords } from './syscalls/call-records.ts'
import type { IntervalRows, Tracer } from './tracer.ts'

/** What failed while a sample was taken, and why. */
export class Failures {
  readonly #reasons = new Map<string, string>()

  has(part: string): boolean {
    return this.#reasons.has(part)
  }

  /** Does it; where it fails, gives `instead`. */
  guard<T>(part: string, action: () => T, instead: T): T {
    try {
      return action()
    } catch (error) {
      this.note(part, error)
      return instead
    }
  }

  /** The same for what takes its time. */
  async guardAsync<T>(part: string, action: () => Promise<T>, instead: T): Promise<T> {
    try {
      return await action()
    } catch (error) {
      this.note(part, error)
      return instead
    }
  }

  /** The reason of each part that failed since the last call. */
  take(): ReadonlyMap<string, string> {
    const taken = new Map(this.#reasons)
    this.#reasons.clear()
    return taken
  }

  note(part: string, error: unknown): void {
    if (!this.has(part)) this.#reasons.set(part, oneLine(error instanceof Error ? error.message : String(error)))
  }
}

const NO_CALLS: CallRecords = { length: 0, at: () => undefined, addTo() {}, keep() {}, release() {} }

/** A tracer that sees nothing where one of its phases fails, holds up no other one, and is tried again for the next sample. */
export function guardedTracer(tracer: Tracer, failures: Failures): Tracer {
  const part = tracer.name
  const { name, source, after, countedElsewhere, table, partTable } = tracer
  const { beforeEnd, rows, early, read, lost, notes, turn, want, filterChanged } = tracer
  return {
    name,
    ...(source !== undefined && { source }),
    ...(after && { after }),
    ...(countedElsewhere && { countedElsewhere }),
    ...(table !== undefined && { table }),
    ...(partTable !== undefined && { partTable }),
    ...(want && { want: wanted => want.call(tracer, wanted) }),
    ...(filterChanged && { filterChanged: () => filterChanged.call(tracer) }),
    ...(beforeEnd && { beforeEnd: () => failures.guardAsync(part, () => beforeEnd.call(tracer), undefined) }),
    ...(rows && { rows: rows.map(each => guardedRows(part, each, failures)) }),
    ...(early && {
      *early(epoch) {
        try {
          yield* early.call(tracer, epoch)
        } catch (error) {
          failures.note(part, error)
        }
      },
    }),
    ...(read && {
      *read(into, interval) {
        if (failures.has(part)) return
        try {
          yield* read.call(tracer, into, interval)
        } catch (error) {
          failures.note(part, error)
        }
      },
    }),
    ...(turn && { turn: () => failures.guard(part, () => turn.call(tracer), undefined) }),
    ...(lost && { lost: () => failures.guard(part, () => lost.call(tracer), {}) }),
    ...(notes && { notes: () => failures.guard(part, () => notes.call(tracer), []) }),
  }
}

function guardedRows(part: string, rows: IntervalRows, failures: Failures): IntervalRows {
  return {
    prepare: epoch => failures.guard(part, () => rows.prepare(epoch), undefined),
    ...(rows.asRead && { asRead: epoch => failures.guard(part, () => rows.asRead?.(epoch) === true, true) }),
    ...(rows.fill && { fill: epoch => failures.guard(part, () => rows.fill?.(epoch) ?? 0, 0) }),
    ...(rows.usage && { usage: epoch => failures.guard(part, () => rows.usage?.(epoch), undefined) }),
  }
}

/**
 * The built-in tracers, of which one that cannot be read has nothing, and holds up no other one of those that are read
 * together with it.
 */
export function guardedReads(tracers: Tracers, failures: Failures): Tracers {
  const { processes, syscalls, connections, slowCalls, cost } = tracers
  const { collect } = connections
  return {
    ...tracers,
    processes: {
      rows: processes.rows,
      read(epoch) {
        try {
          return processes.read(epoch)
        } catch (error) {
          // calls and bytes are those of processes
          for (const part of ['syscalls', 'bytes']) failures.note(part, error)
          return []
        }
      },
    },
    syscalls: {
      source: syscalls.source,
      rows: syscalls.rows,
      loss: syscalls.loss,
      read: epoch =>
        failures.has('syscalls') ? NO_CALLS : failures.guard('syscalls', () => syscalls.read(epoch), NO_CALLS),
    },
    connections: {
      source: connections.source,
      closed: connections.closed,
      walk: () => connections.walk(),
      // after a walk that failed there is only what an earlier one found
      readOpen: async () =>
        failures.has('connections')
          ? NO_SOCKETS
          : failures.guardAsync('connections', () => connections.readOpen(), NO_SOCKETS),
      readClosed: epoch => failures.guard('connections', () => connections.readClosed(epoch), NO_SOCKETS),
      ...(collect && {
        collect: epoch => failures.guard('connections', () => collect.call(connections, epoch), undefined),
      }),
      takeLost: () => connections.takeLost(),
      notes: () => connections.notes?.() ?? [],
    },
    slowCalls: {
      rows: slowCalls.rows,
      read: epoch => failures.guard('slow_calls', () => slowCalls.read(epoch), []),
      takeLost: () => slowCalls.takeLost(),
    },
    cost: {
      measure: on => failures.guard('cost', () => cost.measure(on), undefined),
      measuredBy: other => cost.measuredBy(other),
      take: () => failures.guard('cost', () => cost.take(), null),
    },
  }
}
