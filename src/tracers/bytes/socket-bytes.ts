import {
  type ConnectionRecord,
  type ConnectionRecords,
  listeningAt,
  movedSince,
  NO_SOCKETS,
} from '../connections/sockets/record.ts'
import { commonOwner, Listeners } from '../listeners/listening.ts'
import type { Connections, Processes } from '../parts.ts'
import type { Moved, ProcessRecord } from '../processes/tracer.ts'

const NOTHING = { sentBytes: 0, receivedBytes: 0 }

/**
 * Bytes of processes where no hook tells them: those of the TCP connections that they own, as the network moves them.
 * Stands before both tracers, since connections are needed for processes already.
 */
export class SocketBytes {
  readonly source = 'tcp_sockets'
  /** What is lost is lost with the connections, and counted there. */
  readonly loss = { take: () => this.#refuseFailed({}) }
  readonly processes: Processes
  readonly connections: Connections
  /** What was walked over since the last read. */
  #open: ConnectionRecords | null = null
  #closed: ConnectionRecords = NO_SOCKETS
  /** Why those that closed could not be read, which is no matter of processes. */
  #failure: unknown = null

  constructor(processes: Processes, connections: Connections) {
    this.processes = {
      rows: processes.rows,
      read: epoch => {
        const open = this.#open
        // an interval that ends before the sample does, for which nothing was walked over
        this.#open = null
        this.#closed = NO_SOCKETS
        try {
          this.#failure = null
          if (open === null && connections.collect !== undefined) connections.collect(epoch)
          else this.#closed = connections.readClosed(epoch)
        } catch (error) {
          this.#failure = error
          this.#closed = NO_SOCKETS
        }
        return addBytes(processes.read(epoch), open ?? NO_SOCKETS, this.#closed)
      },
    }
    this.connections = {
      source: connections.source,
      closed: connections.closed,
      walk: () => connections.walk(),
      takeLost: () => connections.takeLost(),
      readOpen: async () => {
        this.#open = NO_SOCKETS
        const open = await connections.readOpen()
        this.#open = open
        return open
      },
      readClosed: () => this.#refuseFailed(this.#closed),
      // they were taken when the processes were read
      ...(connections.collect && { collect: () => this.#refuseFailed(undefined) }),
      notes: () => connections.notes?.() ?? [],
    }
  }

  #refuseFailed<T>(value: T): T {
    if (this.#failure !== null) throw this.#failure
    return value
  }
}

/**
 * Process records with the bytes of their connections, the open ones and those that closed after these were walked over;
 * one more for an owner that has none.
 */
export function addBytes(
  processes: readonly ProcessRecord[],
  open: ConnectionRecords,
  closed: ConnectionRecords,
): readonly ProcessRecord[] {
  const records = [...processes]
  const indexes = new Map(records.map(({ pid }, index) => [pid, index]))
  const listeners = new Listeners()
  for (const sockets of [open, closed]) {
    for (let i = 0; i < sockets.length; i++) {
      if (sockets.get(i, 'state') === 'LISTEN') listeners.add(listeningAt(sockets, i))
    }
  }
  const add = (sockets: ConnectionRecords, i: number, { sentBytes, receivedBytes }: Moved): void => {
    const connection = sockets.at(i)
    // as long as nobody has accepted it, it is its listener's, in the rows of connections as well
    const { owner, ownerStartedNs, name } =
      connection.owner !== 0 ? connection : (commonOwner(listeners.of(sockets, i)) ?? connection)
    if (owner === 0 || sentBytes + receivedBytes === 0) return
    const index = indexes.get(owner) ?? records.length
    indexes.set(owner, index)
    const told = { pid: owner, parent: 0, startedNs: ownerStartedNs, name, command: null, group: null, exited: false }
    const fresh = { ...told, tcp: NOTHING, udp: NOTHING, other: NOTHING }
    const record = records[index] ?? fresh
    const tcp = {
      sentBytes: record.tcp.sentBytes + sentBytes,
      receivedBytes: record.tcp.receivedBytes + receivedBytes,
    }
    records[index] = { ...record, tcp }
  }
  const walked = new Map<number, ConnectionRecord>()
  for (let i = 0; i < open.length; i++) {
    const connection = open.at(i)
    walked.set(connection.id, connection)
    add(open, i, connection)
  }
  for (let i = 0; i < closed.length; i++) {
    const connection = closed.at(i)
    const earlier = walked.get(connection.id)
    add(closed, i, earlier === undefined ? connection : movedSince(earlier, connection))
  }
  return records
}
