import { readText, readU64, type StructLayout } from '../../../bpf/btf/layout.ts'
import type { KeyedMap } from '../../../bpf/maps/hash.ts'
import type { BpfObject } from '../../../bpf/object.ts'
import { readAddress } from '../../network/address.ts'
import type { Endpoint, Family } from '../row.ts'

const NAME_LENGTH = 16
const ADDRESS_LENGTH = 16

/** The enums of bpf/compat_connections.bpf.c, by their number; 0 is none of them. */
const DIRECTIONS = [null, 'outbound', 'inbound'] as const
const CLOSERS = [null, 'local', 'remote'] as const

interface End extends Endpoint {
  readonly family: Family
}

/** What the changes of state of a socket told. */
export interface TracedSocket {
  /** On the monotonic clock; 0: it is older than the tool. */
  readonly startedNs: number
  readonly connectNs: number | null
  /** 0: it lives. */
  readonly endedNs: number
  /** 0: not known. */
  readonly owner: number
  readonly name: string
  readonly direction: 'outbound' | 'inbound' | null
  /** It is established, or was. */
  readonly established: boolean
  readonly closer: 'local' | 'remote' | null
  /** Number of the last state before it closed. */
  readonly state: number
  readonly local: End
  readonly remote: End
}

/** Sockets as bpf/compat_connections.bpf.c keeps them. */
export class TracedSockets {
  readonly #live: KeyedMap
  readonly #closed: readonly [KeyedMap, KeyedMap]
  readonly #layout: StructLayout

  constructor(object: BpfObject) {
    this.#live = object.keyed('compat_sockets')
    this.#closed = [object.keyed('closed_even'), object.keyed('closed_odd')]
    this.#layout = object.layout('compat_socket')
  }

  /** Those that live now. */
  live(): TracedSocket[] {
    return Array.from(this.#live.entries(), ([, row]) => this.#decode(row))
  }

  /** Those that closed in an interval at rest, in that order. To be called once. */
  takeClosed(epoch: number): TracedSocket[] {
    const closed = Array.from(this.#closed[epoch & 1 ? 1 : 0].drain(), ([, row]) => this.#decode(row))
    return closed.sort((a, b) => a.endedNs - b.endedNs)
  }

  #decode(row: DataView): TracedSocket {
    const at = this.#layout
    const family = row.getUint16(at.u16('family'), true)
    const connect = readU64(row, at.u64('connect_ns'))
    return {
      startedNs: readU64(row, at.u64('started_ns')),
      connectNs: connect === 0 ? null : connect,
      endedNs: readU64(row, at.u64('ended_ns')),
      owner: row.getUint32(at.u32('owner'), true),
      name: readText(row, at.array('name', 1, NAME_LENGTH), NAME_LENGTH),
      direction: DIRECTIONS[row.getUint8(at.u8('direction'))] ?? null,
      established: row.getUint8(at.u8('established')) !== 0,
      closer: CLOSERS[row.getUint8(at.u8('closer'))] ?? null,
      state: row.getUint8(at.u8('state')),
      local: {
        ...readAddress(row, at.array('local', 1, ADDRESS_LENGTH), family),
        port: row.getUint16(at.u16('local_port'), true),
      },
      remote: {
        ...readAddress(row, at.array('remote', 1, ADDRESS_LENGTH), family),
        port: row.getUint16(at.u16('remote_port'), true),
      },
    }
  }
}

/** Names a connection by its two ends. */
export function endsOf({ local, remote }: { readonly local: Endpoint; readonly remote: Endpoint }): string {
  return `${local.address}|${local.port}|${remote.address}|${remote.port}`
}
