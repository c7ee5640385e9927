/** The built-in tracers by the phases of an interval, and what is made of all of them together. */

import type { ProcessFacts } from '../facts/facts.ts'
import type { FactsReader } from '../facts/reader.ts'
import { ownProcesses } from '../own-processes.ts'
import type { Arch } from '../syscall/names.ts'
import type { Links } from '../tracers/connections/interval.ts'
import { type ConnectionRecords, NO_SOCKETS } from '../tracers/connections/sockets/record.ts'
import { Sockets } from '../tracers/connections/sockets/sockets.ts'
import { addLosses, type Losses } from '../tracers/loss.ts'
import type { Tracers } from '../tracers/parts.ts'
import type { Reading } from '../tracers/reading.ts'
import type { Interval, Tracer } from '../tracers/tracer.ts'
import { assemble } from './assemble.ts'
import { Earlier, readRecords } from './earlier.ts'

const ARCH: Arch = process.arch === 'arm64' ? 'arm64' : 'x64'

export interface BuiltInSettings {
  readonly facts: ProcessFacts
  /** Who reads /proc for the facts; null: nobody. */
  readonly reader: FactsReader | null
  readonly links: Links
}

/**
 * Four tracers that count, and one that reads them together: the rows of calls say whose they are by the rows of processes,
 * the bytes and connections of a process are added up in its row.
 */
export function builtInTracers(parts: Tracers, settings: BuiltInSettings): Tracer[] {
  const { processes, syscalls, slowCalls, connections, bytes } = parts
  const together = new Together(parts, settings)
  return [
    {
      name: 'syscalls',
      source: syscalls.source,
      // calls are those of processes: where one cannot be had, nor can the other
      rows: [processes.rows, syscalls.rows],
      lost: () => together.with('syscalls', syscalls.loss.take()),
    },
    {
      name: 'slow_calls',
      rows: [slowCalls.rows],
      lost: () => together.with('slow_calls', { no_row: slowCalls.takeLost() }),
      countedElsewhere: true,
    },
    {
      name: 'connections',
      source: connections.source,
      beforeEnd: () => connections.walk(),
      rows: [connections.closed],
      lost: () => together.with('connections', connections.takeLost()),
      notes: () => connections.notes?.() ?? [],
    },
    { name: 'bytes', source: bytes.source, lost: () => together.with('bytes', bytes.loss.take()) },
    together,
  ]
}

class Together implements Tracer {
  readonly name = 'processes and connections'
  readonly after = ['syscalls', 'slow_calls', 'connections', 'bytes']
  readonly #parts: Tracers
  readonly #settings: BuiltInSettings
  #earlier = new Earlier()

  constructor(parts: Tracers, settings: BuiltInSettings) {
    this.#parts = parts
    this.#settings = settings
  }

  *early(epoch: number): Generator<void, void> {
    yield* this.#earlier.add(this.#parts, epoch)
  }

  *read(into: Reading, { epoch, pids, endedNs, times }: Interval): Generator<void | Promise<void>, void> {
    const { facts, links } = this.#settings
    const { namespaces, self } = this.#parts
    const end = { endedNs, times, namespace: namespaces.own, links }
    const sockets = new Sockets(end)
    // no program changes what the walk found any more, so that it is read before all else
    let open: ConnectionRecords = NO_SOCKETS
    yield this.#parts.connections.readOpen().then(found => {
      open = found
    })
    yield* sockets.addOpen(open)
    const records = this.#earlier.join(yield* readRecords(this.#parts, epoch))
    into.lentBy({
      detach: () => records.calls.keep(),
      taken: () => records.calls.release(),
      release: () => sockets.release(),
    })
    const context = { ...end, arch: ARCH, pids, facts, self: self ?? 0 }
    const { calls, duration_ns } = yield* assemble(records, sockets, into.tables, context)
    into.calls = calls
    into.duration_ns = duration_ns
  }

  turn(): void {
    this.#earlier.release()
    this.#earlier = new Earlier()
    this.#settings.facts.forget()
    ownProcesses.turn()
  }

  notes(): readonly string[] {
    const why = this.#settings.reader?.failure ?? null
    return why === null ? [] : [`of idle processes only the name is known: ${why}`]
  }

  /** What a tracer lost, and what there was no room for of intervals that ended early. */
  with(name: keyof Earlier['lost'], losses: Losses): Losses {
    return addLosses(losses, { no_row: this.#earlier.lost[name] })
  }
}
