/** From what the tracers read of sockets to the rows of connections and listeners. */

import { errnoName } from '../syscall/errno.ts'
import type { ConnectionRecord } from '../tracers/connections.ts'
import type { Records, Surroundings } from './assemble.ts'
import type { ConnectionRow, ListenerRow } from './sample.ts'
import { PORTION } from './slices.ts'

export function* connectionRows({ open, closed }: Records, interval: Surroundings): Generator<void, OwnedRow[]> {
  const listeners = listenersByPort([...open, ...closed])
  // one that closed after the walk over the open ones is in both: its bytes are those of the two together
  const walked = new Map(open.map(record => [record.id, record]))
  const ended = new Set(closed.map(record => record.id))
  const records = [
    ...open.filter(record => record.state !== 'LISTEN' && !ended.has(record.id)),
    ...closed.filter(record => record.state !== 'LISTEN').map(record => addEarlier(record, walked.get(record.id))),
  ]
  const rows: OwnedRow[] = []
  for (const record of records) {
    if (rows.length % PORTION === 0) yield
    rows.push(connectionRow(record, listeners, interval))
  }
  return rows
}

function addEarlier(record: ConnectionRecord, earlier: ConnectionRecord | undefined): ConnectionRecord {
  if (earlier === undefined) return record
  return {
    ...record,
    sentBytes: record.sentBytes + earlier.sentBytes,
    receivedBytes: record.receivedBytes + earlier.receivedBytes,
    opened: record.opened || earlier.opened,
    accepted: record.accepted || earlier.accepted,
  }
}

/** A connection while the container of its owner is looked up. */
export type OwnedRow = Omit<ConnectionRow, 'container'> & { container: string | null }

function connectionRow(
  record: ConnectionRecord,
  listeners: ReadonlyMap<number, readonly ConnectionRecord[]>,
  { endedNs, namespace, unixNs, nowNs }: Surroundings,
): OwnedRow {
  const listener = record.direction === null || record.owner === 0 ? listenerOf(record, listeners) : undefined
  const direction = record.direction ?? (listener === undefined ? 'outbound' : 'inbound')
  // not yet accepted: it is still its listener's
  const owner = record.owner !== 0 ? record : listener !== undefined && listener.owner !== 0 ? listener : null
  return {
    id: record.id,
    pid: owner?.owner ?? null,
    name: owner?.name ?? null,
    container: null,
    family: record.family,
    direction,
    state: record.endedNs === null ? record.state : 'CLOSE',
    local: record.local,
    remote: record.remote,
    sent_bytes: record.sentBytes,
    received_bytes: record.receivedBytes,
    total_sent_bytes: record.totalSentBytes,
    total_received_bytes: record.totalReceivedBytes,
    connect_latency_ns: record.connectNs,
    handshake_latency_ns: record.handshakeNs,
    accept_wait_ns: acceptWait(record),
    rtt_ns: record.rttNs,
    rtt_min_ns: record.rttMinNs,
    retransmits: record.retransmits,
    segments_sent: record.segments,
    reset: record.reset,
    closed_by: record.closer,
    network_namespace: record.namespace === namespace ? null : record.namespace,
    age_seconds: Math.max(0, (record.endedNs ?? endedNs) - record.startedNs) / 1e9,
    age_is_minimum: record.older,
    started_ns: unixNs - (nowNs - record.startedNs),
    ended_ns: record.endedNs === null ? null : unixNs - (nowNs - record.endedNs),
    opened: record.opened,
    closed: record.endedNs !== null,
    error: failedConnect(record) && record.errno !== 0 ? errnoName(record.errno) : null,
  }
}

/** It ended before it was established. */
function failedConnect(record: ConnectionRecord): boolean {
  return record.endedNs !== null && record.state === 'SYN_SENT'
}

function acceptWait({ establishedNs, acceptedNs }: ConnectionRecord): number | null {
  return establishedNs === null || acceptedNs === null ? null : acceptedNs - establishedNs
}

export function listenerRows({ open, closed }: Records, { namespace, factsOf }: Surroundings): ListenerRow[] {
  const ended = new Map(closed.filter(record => record.state === 'LISTEN').map(record => [record.id, record]))
  // one that ended after the walk is in both: its drops are those of the two together
  const listeners = new Map(ended)
  for (const record of open) {
    if (record.state !== 'LISTEN') continue
    const drops = record.drops + (ended.get(record.id)?.drops ?? 0)
    listeners.set(record.id, { ...record, drops })
  }
  const byPort = listenersByPort([...listeners.values()])
  const accepts = new Map<number, number>()
  const counted = new Set<number>()
  for (const record of [...open, ...closed]) {
    if (!record.accepted || counted.has(record.id)) continue
    counted.add(record.id)
    const listener = listenerOf(record, byPort)
    if (listener !== undefined) accepts.set(listener.id, (accepts.get(listener.id) ?? 0) + 1)
  }
  return [...listeners.values()].map(record => ({
    pid: record.owner === 0 ? null : record.owner,
    name: record.owner === 0 ? null : record.name,
    container: record.owner === 0 ? null : factsOf(record.owner, 0, record.name).container,
    family: record.family,
    local: record.local,
    backlog: record.backlog,
    backlog_limit: record.backlogLimit,
    accepts: record.accepted === null ? null : (accepts.get(record.id) ?? 0),
    drops: record.drops,
    network_namespace: record.namespace === namespace ? null : record.namespace,
  }))
}

export function listenersByPort(open: readonly ConnectionRecord[]): Map<number, ConnectionRecord[]> {
  const listeners = new Map<number, ConnectionRecord[]>()
  for (const record of open) {
    if (record.state !== 'LISTEN') continue
    const others = listeners.get(record.local.port)
    if (others === undefined) listeners.set(record.local.port, [record])
    else others.push(record)
  }
  return listeners
}

const ANY_ADDRESSES = new Set(['0.0.0.0', '::'])

/**
 * The listening socket that takes connections to this local port and address: the same owner's before another's (sockets
 * that share a port by SO_REUSEPORT), the same address before any.
 */
export function listenerOf(
  { local, owner, namespace }: ConnectionRecord,
  listeners: ReadonlyMap<number, readonly ConnectionRecord[]>,
): ConnectionRecord | undefined {
  let best: ConnectionRecord | undefined
  let bestRank = -1
  for (const listener of listeners.get(local.port) ?? []) {
    const { address } = listener.local
    if (listener.namespace !== namespace || (address !== local.address && !ANY_ADDRESSES.has(address))) continue
    const rank = (address === local.address ? 2 : 0) + (listener.owner === owner ? 1 : 0)
    if (rank > bestRank) {
      best = listener
      bestRank = rank
    }
  }
  return best
}
