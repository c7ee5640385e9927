/** From what the tracers read of sockets to the rows of connections and listeners. */

import type { ProcessFacts, Told } from '../../../facts/facts.ts'
import { PORTION } from '../../../table/slices.ts'
import { Listeners } from '../../listeners/listening.ts'
import type { ListenerRow } from '../../listeners/row.ts'
import type { ProcessSums } from '../../processes/process-sums.ts'
import { Connection, endIn } from '../connection.ts'
import { type Interval, type IntervalEnd, Source } from '../interval.ts'
import { type ConnectionRecord, type ConnectionRecords, type ListeningSocket, listeningAt } from './record.ts'

/** A listening socket. One that ended after the walk over the open ones has two records: the drops are those of both. */
interface Listening {
  readonly record: ListeningSocket
  drops: number
}

/** The sockets of one interval, sorted out by what they are: first those that the walk found, then those that closed. */
export class Sockets {
  /** By their ids. */
  readonly listening = new Map<number, Listening>()
  /** Where each was told of. */
  readonly accepted = new Map<number, { readonly records: ConnectionRecords; readonly index: number }>()
  readonly #interval: Interval
  readonly listeners = new Listeners()
  readonly #walked = new Map<number, ConnectionRecord>()
  #processes: ProcessSums | null = null
  readonly #connections: Connection[] = []
  readonly #records: ConnectionRecords[] = []

  constructor(end: IntervalEnd) {
    this.#interval = {
      ...end,
      listeners: this.listeners,
      walked: this.#walked,
      processOf: (pid, startedNs) => this.#processes?.rowOf(pid, startedNs),
    }
  }

  get connections(): readonly Connection[] {
    return this.#connections
  }

  /** Holds them until `release`, as whoever made them did. */
  *addOpen(open: ConnectionRecords): Generator<void, void> {
    yield* this.#add(open)
  }

  *addClosed(closed: ConnectionRecords): Generator<void, void> {
    if (closed.length > 0) yield* this.#setAside(closed)
    yield* this.#add(closed)
  }

  /** The processes of the interval, once their rows are made. */
  setProcesses(processes: ProcessSums): void {
    this.#processes = processes
  }

  /** Nobody reads their rows any more. */
  release(): void {
    for (const records of this.#records) records.release()
  }

  *#add(records: ConnectionRecords): Generator<void, void> {
    this.#records.push(records)
    const source = new Source(records, this.#interval)
    const connections = this.#connections
    let count = connections.length
    // room for all at once, since an array that grows is copied over and over
    connections.length += records.length
    for (let from = 0; from < records.length; from += PORTION) {
      yield
      count = this.#sort(source, from, Math.min(from + PORTION, records.length), count)
    }
    connections.length = count
  }

  /** Adds those from one index up to another. `count`: connections so far; gives how many there are then. */
  #sort(source: Source, from: number, to: number, count: number): number {
    const { records } = source
    const connections = this.#connections
    for (let i = from; i < to; i++) {
      if (records.get(i, 'accepted') === true) this.accepted.set(records.get(i, 'id'), { records, index: i })
      if (records.get(i, 'state') === 'LISTEN') this.#listen(listeningAt(records, i))
      else connections[count++] = new Connection(source, i)
    }
    return count
  }

  /** One that closed after the walk over the open ones is in both: its row is that of its end. */
  *#setAside(closed: ConnectionRecords): Generator<void, void> {
    const ended = new Set<number>()
    for (let i = 0; i < closed.length; i++) ended.add(closed.get(i, 'id'))
    let count = 0
    for (let i = 0; i < this.#connections.length; i++) {
      if (i % PORTION === 0) yield
      const connection = this.#connections[i]
      if (connection === undefined) continue
      if (ended.has(connection.id)) this.#walked.set(connection.id, connection.record)
      else this.#connections[count++] = connection
    }
    this.#connections.length = count
  }

  #listen(record: ListeningSocket): void {
    this.listeners.add(record)
    const earlier = this.listening.get(record.id)
    if (earlier === undefined) this.listening.set(record.id, { record, drops: record.drops })
    // by the totals, as with what a connection moved; the kernel's counter has 32 bits
    else earlier.drops = (record.totalDrops - (earlier.record.totalDrops - earlier.record.drops)) >>> 0
  }
}

export function* listenerRows(
  { listening, listeners, accepted }: Sockets,
  { namespace, links, facts }: IntervalEnd & { readonly facts: ProcessFacts },
): Generator<void, ListenerRow[]> {
  const accepts = new Map<number, number>()
  let turn = 0
  for (const { records, index } of accepted.values()) {
    if (++turn % PORTION === 0) yield
    const [listener, ...others] = listeners.of(records, index)
    if (listener !== undefined && others.length === 0) accepts.set(listener.id, (accepts.get(listener.id) ?? 0) + 1)
  }
  return Array.from(listening, ([id, { record, drops }]) => ({
    id,
    ...ownerOf(record, facts),
    family: record.family,
    local: endIn(record, 'local', record.owner, links),
    mptcp: record.mptcp,
    backlog: record.receiveQueue,
    backlog_limit: record.sendQueue,
    accepts: record.accepted === null ? null : (accepts.get(id) ?? 0),
    drops,
    network_namespace: record.namespace === namespace ? null : record.namespace,
  }))
}

function ownerOf(
  { owner, ownerStartedNs, name }: ListeningSocket,
  facts: ProcessFacts,
): Pick<ListenerRow, 'pid' | 'name' | 'container'> {
  if (owner === 0) return { pid: null, name: null, container: null }
  const known = facts.get(owner, ownerStartedNs, name)
  return { pid: owner, name: known.name, container: known.container }
}

/** The processes that hold listening sockets, for whom it may be the only thing that is known. */
export function listeningOwners({ listening }: Sockets): Told[] {
  return Array.from(listening.values(), ({ record }) => ({
    ...{ pid: record.owner, startedNs: record.ownerStartedNs, name: record.name },
    ...{ active: false, exited: false, command: null, group: null },
  })).filter(({ pid }) => pid !== 0)
}
