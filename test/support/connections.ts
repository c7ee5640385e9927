import type { JsonSample } from './top.ts'

export type Connection = JsonSample['connections'][number]
export type Listener = JsonSample['listeners'][number]

/** All rows of one end of a connection, in their order. */
export function endOf(samples: readonly JsonSample[], localPort: number, remotePort: number): Connection[] {
  return samples
    .flatMap(sample => sample.connections)
    .filter(row => row.local.port === localPort && row.remote.port === remotePort)
}

/** All rows of a listening socket. */
export function listenerOn(samples: readonly JsonSample[], port: number): Listener[] {
  return samples.flatMap(sample => sample.listeners).filter(row => row.local.port === port)
}

/** Connections of which nobody is known to be the owner; there are none on a host at work. */
export function unowned(samples: readonly JsonSample[]): Connection[] {
  return samples.flatMap(sample => sample.connections).filter(row => row.pid === null)
}

export const lostConnections = (samples: readonly JsonSample[]): number =>
  samples.reduce((sum, sample) => sum + sample.lost.connections, 0)
