import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'
import { readAddress } from './address.ts'

/** How long names are taken for those of their interfaces, which may get others; and until one is looked for again. */
const FRESH_MS = 5_000
const ABSENT_MS = 200

/** Namespaces whose names are kept at the same time. */
const MAX_KEPT = 1024

const AF_INET6 = 10

/** So much is read of a list: any user may make one that has no end. */
const MAX_BYTES = 65_536

/** A network interface with an IPv6 address. */
export interface Link {
  readonly name: string
  readonly addresses: readonly string[]
}

/** The network interfaces of one namespace by their index. */
type Names = ReadonlyMap<number, Link>

interface Kept {
  readonly names: Names
  readonly atMs: number
}

/** Names of network interfaces by their index, in any network namespace that a known process lives in. */
export class LinkNames {
  readonly #own: number
  readonly #namespaceOf: (pid: number) => number | 'closed' | null
  readonly #namesOf: (pid: number | 'self') => Names
  readonly #kept = new Map<number, Kept>()

  /** `own`: inode of the network namespace of this process. */
  constructor(own: number, namespaceOf = readNamespace, namesOf = readNames) {
    this.#own = own
    this.#namespaceOf = namespaceOf
    this.#namesOf = namesOf
  }

  /**
   * The name of an interface that has an address; its index where the name cannot be known. `pid`: a process that may live
   * there. Where that must not be asked, it counts that it has this interface with this address.
   */
  get(namespace: number, device: number, pid: number | null, address: string): string {
    const kept = this.#kept.get(namespace)
    const now = performance.now()
    const isFresh = kept !== undefined && now - kept.atMs < (kept.names.has(device) ? FRESH_MS : ABSENT_MS)
    const names = (isFresh ? kept.names : this.#ask(namespace, pid, device, address, kept?.names)) ?? kept?.names
    if (names !== undefined && names !== kept?.names) {
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear()
      this.#kept.set(namespace, { names, atMs: now })
    }
    return names?.get(device)?.name ?? String(device)
  }

  /** undefined: nobody is known who lives there. */
  #ask(
    namespace: number,
    pid: number | null,
    device: number,
    address: string,
    known: Names = new Map(),
  ): Names | undefined {
    if (namespace === this.#own) return this.#namesOf('self')
    if (pid === null) return undefined
    const itsNamespace = this.#namespaceOf(pid)
    if (itsNamespace === namespace) return this.#namesOf(pid)
    if (itsNamespace !== 'closed') return undefined
    const link = this.#namesOf(pid).get(device)
    return link?.addresses.includes(address) ? new Map([...known, [device, link]]) : undefined
  }
}

/** Inode of the network namespace of a process; null where it has ended, `closed` where it must not be asked. */
function readNamespace(pid: number): number | 'closed' | null {
  try {
    return Number(/\[([0-9]+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1])
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'closed' : null
  }
}

/** A line of /proc/net/if_inet6: address, index, length of the prefix, scope and flags, all hexadecimal, and the name. */
const LINE = /^([0-9a-f]{32}) +([0-9a-f]+) +[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +(\S+)$/gm

function readNames(pid: number | 'self'): Names {
  const names = new Map<number, Link>()
  for (const [, bytes = '', index = '', name = ''] of readStart(`/proc/${pid}/net/if_inet6`).matchAll(LINE)) {
    const device = Number.parseInt(index, 16)
    const { address } = readAddress(new DataView(Uint8Array.from(Buffer.from(bytes, 'hex')).buffer), 0, AF_INET6)
    names.set(device, { name, addresses: [...(names.get(device)?.addresses ?? []), address] })
  }
  return names
}

/** The begin of a file; nothing of one that cannot be read. */
function readStart(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(MAX_BYTES)
      let length = 0
      // the kernel gives a page at a time
      for (let read = -1; read !== 0 && length < MAX_BYTES; length += read) {
        read = readSync(file, bytes, length, MAX_BYTES - length, null)
      }
      return bytes.toString('utf8', 0, length)
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}
