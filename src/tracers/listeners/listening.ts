/** Which listening socket a connection came to. */

import type { ConnectionRecord, ConnectionRecords, ListeningSocket } from '../connections/sockets/record.ts'

/** The listening sockets of one interval. */
export class Listeners {
  readonly #byId = new Map<number, ListeningSocket>()
  readonly #byPort = new Map<number, Set<number>>()

  /** Adds one; what is added later takes the place of an earlier record of the same socket. */
  add(record: ListeningSocket): void {
    this.#byId.set(record.id, record)
    const { port } = record.local
    const others = this.#byPort.get(port)
    if (others === undefined) this.#byPort.set(port, new Set([record.id]))
    else others.add(record.id)
  }

  /**
   * The one that made a connection, where the kernel told. Else those that may have made it, by address, family and
   * device, as the kernel chooses among them: several where it chose one of a group (SO_REUSEPORT), and none where it is
   * not among these sockets.
   */
  of(records: ConnectionRecords, index: number): readonly ListeningSocket[] {
    const id = records.get(index, 'listener')
    if (id !== 0) {
      const listener = this.#byId.get(id)
      return listener === undefined ? [] : [listener]
    }
    const record = records.at(index)
    let best: ListeningSocket[] = []
    let bestRank = 0
    for (const id of this.#byPort.get(record.local.port) ?? []) {
      const listener = this.#byId.get(id)
      const rank = listener === undefined ? 0 : rankOf(listener, record)
      if (rank > bestRank) [best, bestRank] = [[], rank]
      if (listener !== undefined && rank > 0 && rank === bestRank) best.push(listener)
    }
    return best
  }
}

/** Who holds some listening sockets; null: nobody that is known, or not all the same process. */
export function commonOwner(listeners: readonly ListeningSocket[]): ListeningSocket | null {
  const [first, ...others] = listeners
  if (first === undefined || first.owner === 0) return null
  return others.every(({ owner }) => owner === first.owner) ? first : null
}

/** How well a listening socket fits a connection: the greatest is chosen; 0: it does not fit. */
function rankOf(listener: ListeningSocket, record: ConnectionRecord): number {
  const { address } = listener.local
  const isSame = address === record.local.address
  if (listener.namespace !== record.namespace || !(isSame || takesAll(listener, record.family))) return 0
  const { device } = listener
  if (device !== 0 && device !== record.device) return 0
  return 1 + (isSame ? 4 : 0) + (device === 0 ? 0 : 1) + (listener.family === record.family ? 1 : 0)
}

/** Whether a listening socket takes connections to all addresses of a family. */
function takesAll({ local, onlyV6 }: ListeningSocket, family: string): boolean {
  if (local.address === '0.0.0.0') return family === 'ipv4'
  return local.address === '::' && (family === 'ipv6' || onlyV6 !== true)
}
