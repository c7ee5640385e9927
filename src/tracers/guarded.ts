import { oneLine } from '../text/line.ts'
import { ListOfSockets } from './connections/socket-record.ts'
import type { CallRecords } from './syscalls/tracer.ts'
import type { Halves, Tracers } from './tracer.ts'

/** What can fail by itself: what `sources` of a sample names, and more. */
export type Part = 'syscalls' | 'connections' | 'bytes' | 'slow calls' | 'cost'

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

/** Tracers of which a part that fails sees nothing, holds up no other one, and is tried again for the next sample. */
export function guarded(tracers: Tracers, failures: Failures): Tracers {
  const { processes, syscalls, bytes, connections, slowCalls, cost } = tracers
  const halves = (part: Part, arena: Halves): Halves => ({
    prepare: epoch => failures.guard(part, () => arena.prepare(epoch), undefined),
    ...(arena.asRead && { asRead: epoch => failures.guard(part, () => arena.asRead?.(epoch) === true, true) }),
    ...(arena.fill && { fill: epoch => failures.guard(part, () => arena.fill?.(epoch) ?? 0, 0) }),
    ...(arena.usage && { usage: epoch => failures.guard(part, () => arena.usage?.(epoch), undefined) }),
  })
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
