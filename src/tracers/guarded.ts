import { oneLine } from '../text/line.ts'
import { ListOfSockets } from './connections/socket-record.ts'
import type { Tracers } from './parts.ts'
import type { CallRecords } from './syscalls/call-records.ts'
import type { IntervalRows, Tracer } from './tracer.ts'

/** What can fail by itself, as a sample names it. */
type Part = string

/** What failed while a sample was taken, and why. */
export class Failures {
  readonly #reasons = new Map<Part, string>()

  has(part: Part): boolean {
    return this.#reasons.has(part)
  }

  /** Does it; where it fails, gives `instead`. */
  guard<T>(part: Part, action: () => T, instead: T): T {
    try {
      return action()
    } catch (error) {
      this.note(part, error)
      return instead
    }
  }

  /** The same for what takes its time. */
  async guardAsync<T>(part: Part, action: () => Promise<T>, instead: T): Promise<T> {
    try {
      return await action()
    } catch (error) {
      this.note(part, error)
      return instead
    }
  }

  /** The reason of each part that failed since the last call. */
  take(): ReadonlyMap<Part, string> {
    const taken = new Map(this.#reasons)
    this.#reasons.clear()
    return taken
  }

  note(part: Part, error: unknown): void {
    if (!this.has(part)) this.#reasons.set(part, oneLine(error instanceof Error ? error.message : String(error)))
  }
}

const NO_CALLS: CallRecords = { length: 0, at: () => undefined, addTo() {}, keep() {}, release() {} }

/** A tracer that sees nothing where one of its phases fails, holds up no other one, and is tried again for the next sample. */
export function guardedTracer(tracer: Tracer, failures: Failures): Tracer {
  const part = tracer.name
  const { name, source, after, countedElsewhere, table } = tracer
  const { beforeEnd, rows, early, read, lost, notes, turn, want, filterChanged } = tracer
  return {
    name,
    ...(source !== undefined && { source }),
    ...(after && { after }),
    ...(countedElsewhere && { countedElsewhere }),
    ...(table !== undefined && { table }),
    ...(want && { want: on => want.call(tracer, on) }),
    ...(filterChanged && { filterChanged: () => filterChanged.call(tracer) }),
    ...(beforeEnd && { beforeEnd: () => failures.guardAsync(part, () => beforeEnd.call(tracer), undefined) }),
    ...(rows && { rows: guardedRows(part, rows, failures) }),
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

function guardedRows(part: Part, rows: IntervalRows, failures: Failures): IntervalRows {
  return {
    prepare: epoch => failures.guard(part, () => rows.prepare(epoch), undefined),
    ...(rows.asRead && { asRead: epoch => failures.guard(part, () => rows.asRead?.(epoch) === true, true) }),
    ...(rows.fill && { fill: epoch => failures.guard(part, () => rows.fill?.(epoch) ?? 0, 0) }),
    ...(rows.usage && { usage: epoch => failures.guard(part, () => rows.usage?.(epoch), undefined) }),
  }
}

/** The built-in tracers of which a part that fails sees nothing, holds up no other one, and is tried again for the next sample. */
export function guarded(tracers: Tracers, failures: Failures): Tracers {
  const { processes, syscalls, bytes, connections, slowCalls, cost } = tracers
  const halves = (part: Part, rows: IntervalRows): IntervalRows => guardedRows(part, rows, failures)
  // calls and bytes are those of processes
  const readProcesses = (epoch: number): ReturnType<typeof processes.read> => {
    try {
      return processes.read(epoch)
    } catch (error) {
      for (const part of ['syscalls', 'bytes'] as const) failures.note(part, error)
      return []
    }
  }
  return {
    ...tracers,
    processes: {
      arena: halves('syscalls', processes.arena),
      read: readProcesses,
    },
    syscalls: {
      source: syscalls.source,
      arena: halves('syscalls', syscalls.arena),
      loss: { take: () => failures.guard('syscalls', () => syscalls.loss.take(), {}) },
      read: epoch =>
        failures.has('syscalls') ? NO_CALLS : failures.guard('syscalls', () => syscalls.read(epoch), NO_CALLS),
    },
    bytes: { source: bytes.source, loss: { take: () => failures.guard('bytes', () => bytes.loss.take(), {}) } },
    connections: {
      source: connections.source,
      closed: halves('connections', connections.closed),
      walk: () => failures.guardAsync('connections', () => connections.walk(), undefined),
      // after a walk that failed there is only what an earlier one found
      readOpen: async () =>
        failures.has('connections')
          ? new ListOfSockets()
          : failures.guardAsync('connections', () => connections.readOpen(), new ListOfSockets()),
      readClosed: epoch => failures.guard('connections', () => connections.readClosed(epoch), new ListOfSockets()),
      ...(connections.collect && {
        collect: epoch => failures.guard('connections', () => connections.collect?.(epoch), undefined),
      }),
      takeLost: () => failures.guard('connections', () => connections.takeLost(), {}),
      notes: () => failures.guard('connections', () => connections.notes?.() ?? [], []),
    },
    slowCalls: {
      arena: halves('slow calls', slowCalls.arena),
      read: epoch => failures.guard('slow calls', () => slowCalls.read(epoch), []),
      takeLost: () => failures.guard('slow calls', () => slowCalls.takeLost(), 0),
    },
    cost: {
      measure: on => failures.guard('cost', () => cost.measure(on), undefined),
      measuredBy: other => cost.measuredBy(other),
      take: () => failures.guard('cost', () => cost.take(), null),
    },
  }
}
