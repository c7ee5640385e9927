/** From what the tracers read of sockets to the rows of connections and listeners. */

import type { ConnectionRecord } from '../tracers/socket-record.ts'
import type { Records, Surroundings } from './assemble.ts'
import { Connection, type Interval } from './connection.ts'
import { listenerOf, listenersByPort } from './listening.ts'
import type { ListenerRow } from './sample.ts'
import { PORTION } from './slices.ts'

export function* connectionRows({ open, closed }: Records, interval: Interval): Generator<void, Connection[]> {
  // one that closed after the walk over the open ones is in both: its bytes are those of the two together
  const ended = new Set<number>()
  for (const record of closed) ended.add(record.id)
  const walked = new Map<number, ConnectionRecord>()
  const rows: Connection[] = []
  let turn = 0
  for (const record of open) {
    if (++turn % PORTION === 0) yield
    if (ended.size > 0 && ended.has(record.id)) walked.set(record.id, record)
    else if (record.state !== 'LISTEN') rows.push(new Connection(record, undefined, interval))
  }
  for (const record of closed) {
    if (++turn % PORTION === 0) yield
    if (record.state !== 'LISTEN') rows.push(new Connection(record, walked.get(record.id), interval))
  }
  return rows
}

export function* listenerRows(
  { open, closed }: Records,
  { namespace, factsOf }: Surroundings,
): Generator<void, ListenerRow[]> {
  // one that ended after the walk is in both: its drops are those of the two together
  const listeners = new Map<number, { record: ConnectionRecord; drops: number; accepts: number }>()
  const accepted = new Map<number, ConnectionRecord>()
  let turn = 0
  for (const records of [open, closed]) {
    for (const record of records) {
      if (++turn % PORTION === 0) yield
      if (record.accepted) accepted.set(record.id, record)
      if (record.state !== 'LISTEN') continue
      const earlier = listeners.get(record.id)
      if (earlier === undefined) listeners.set(record.id, { record, drops: record.drops, accepts: 0 })
      else earlier.drops += record.drops
    }
  }
  const byPort = listenersByPort(Array.from(listeners.values(), ({ record }) => record))
  for (const record of accepted.values()) {
    if (++turn % PORTION === 0) yield
    const listener = listeners.get(listenerOf(record, byPort)?.id ?? 0)
    if (listener !== undefined) listener.accepts++
  }
  return [...listeners.values()].map(({ record, drops, accepts }) => ({
    pid: record.owner === 0 ? null : record.owner,
    name: record.owner === 0 ? null : record.name,
    container: record.owner === 0 ? null : factsOf(record.owner, 0, record.name).container,
    family: record.family,
    local: record.local,
    backlog: record.receiveQueue,
    backlog_limit: record.sendQueue,
    accepts: record.accepted === null ? null : accepts,
    drops,
    network_namespace: record.namespace === namespace ? null : record.namespace,
  }))
}
