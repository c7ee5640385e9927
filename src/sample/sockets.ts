/** From what the tracers read of sockets to the rows of connections and listeners. */

import type { ConnectionRecord, ConnectionRecords } from '../tracers/socket-record.ts'
import type { Records, Surroundings } from './assemble.ts'
import { Connection, type Interval } from './connection.ts'
import { addListener, listenerOf, listenersByPort } from './listening.ts'
import type { ListenerRow } from './sample.ts'
import { PORTION } from './slices.ts'

/** A listening socket. One that ended after the walk over the open ones has two records: the drops are those of both. */
interface Listening {
  readonly record: ConnectionRecord
  drops: number
}

/** The sockets of one interval, by what they are. */
export interface Sockets {
  readonly connections: readonly Connection[]
  /** By their ids. */
  readonly listening: ReadonlyMap<number, Listening>
  readonly accepted: ReadonlyMap<number, ConnectionRecord>
}

/** Goes over all sockets once. */
export function* readSockets(
  { open, closed }: Records,
  surroundings: Omit<Interval, 'listeners' | 'walked'>,
): Generator<void, Sockets> {
  const sorting = new Sorting(closed, surroundings)
  for (const records of [open, closed]) {
    for (let from = 0; from < records.length; from += PORTION) {
      yield
      sorting.add(records, from)
    }
  }
  return sorting
}

class Sorting implements Sockets {
  readonly connections: Connection[] = []
  readonly listening = new Map<number, Listening>()
  readonly accepted = new Map<number, ConnectionRecord>()
  readonly #closed: ConnectionRecords
  readonly #ended = new Set<number>()
  readonly #interval
  readonly #listeners = new Map<number, ConnectionRecord[]>()
  readonly #walked = new Map<number, ConnectionRecord>()

  constructor(closed: ConnectionRecords, surroundings: Omit<Interval, 'listeners' | 'walked'>) {
    this.#closed = closed
    for (let i = 0; i < closed.length; i++) this.#ended.add(closed.at(i)?.id ?? 0)
    this.#interval = { ...surroundings, listeners: this.#listeners, walked: this.#walked }
  }

  /** Adds a portion of the open ones or of those that closed. */
  add(records: ConnectionRecords, from: number): void {
    const end = Math.min(from + PORTION, records.length)
    for (let i = from; i < end; i++) {
      const record = records.at(i)
      if (record === undefined) continue
      if (record.accepted) this.accepted.set(record.id, record)
      if (record.state === 'LISTEN') this.#listen(record)
      // one that closed after the walk over the open ones is in both: its bytes are those of the two together
      else if (records !== this.#closed && this.#ended.has(record.id)) this.#walked.set(record.id, record)
      else this.connections.push(new Connection(records, i, this.#interval))
    }
  }

  #listen(record: ConnectionRecord): void {
    addListener(this.#listeners, record)
    const earlier = this.listening.get(record.id)
    if (earlier === undefined) this.listening.set(record.id, { record, drops: record.drops })
    else earlier.drops += record.drops
  }
}

export function* listenerRows(
  { listening, accepted }: Sockets,
  { namespace, factsOf }: Surroundings,
): Generator<void, ListenerRow[]> {
  const accepts = new Map<number | undefined, number>()
  const byPort = listenersByPort(Array.from(listening.values(), ({ record }) => record))
  let turn = 0
  for (const record of accepted.values()) {
    if (++turn % PORTION === 0) yield
    const id = listenerOf(record, byPort)?.id
    accepts.set(id, (accepts.get(id) ?? 0) + 1)
  }
  return Array.from(listening, ([id, { record, drops }]) => ({
    pid: record.owner === 0 ? null : record.owner,
    name: record.owner === 0 ? null : record.name,
    container: record.owner === 0 ? null : factsOf(record.owner, 0, record.name).container,
    family: record.family,
    local: record.local,
    backlog: record.receiveQueue,
    backlog_limit: record.sendQueue,
    accepts: record.accepted === null ? null : (accepts.get(id) ?? 0),
    drops,
    network_namespace: record.namespace === namespace ? null : record.namespace,
  }))
}
