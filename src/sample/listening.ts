/** Which listening socket a connection came to. */

import type { ConnectionRecord } from '../tracers/socket-record.ts'

/** Listening sockets by their port. */
export type ByPort = ReadonlyMap<number, readonly ConnectionRecord[]>

/** Those of some sockets that listen. */
export function listenersByPort(sockets: readonly ConnectionRecord[]): ByPort {
  const listeners = new Map<number, ConnectionRecord[]>()
  for (const record of sockets) if (record.state === 'LISTEN') addListener(listeners, record)
  return listeners
}

export function addListener(listeners: Map<number, ConnectionRecord[]>, record: ConnectionRecord): void {
  const { port } = record.local
  const others = listeners.get(port)
  if (others === undefined) listeners.set(port, [record])
  else others.push(record)
}

const ANY_ADDRESSES = new Set(['0.0.0.0', '::'])

/**
 * The listening socket that takes connections to this local port and address: the same owner's before another's (sockets
 * that share a port by SO_REUSEPORT), the same address before any.
 */
export function listenerOf(record: ConnectionRecord, listeners: ByPort): ConnectionRecord | undefined {
  if (listeners.size === 0) return undefined
  const { local, owner, namespace } = record
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
