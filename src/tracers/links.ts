import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'

/** How long names are taken for those of their interfaces, which may get others; and until one is looked for again. */
const FRESH_MS = 5_000
const ABSENT_MS = 200

/** Namespaces whose names are kept at the same time. */
const MAX_KEPT = 1024

/** So much is read of a list: any user may make one that has no end. */
const MAX_BYTES = 65_536

/** Names of the network interfaces of one namespace by their index, as far as they have an IPv6 address. */
type Names = ReadonlyMap<number, string>

interface Kept {
  readonly names: Names
  readonly atMs: number
}

/** Names of network interfaces by their index, in any network namespace that a known process lives in. */
export class LinkNames {
  readonly #own: number
  readonly #namespaceOf: (pid: number) => number | null
  readonly #namesOf: (pid: number | 'self') => Names
  readonly #kept = new Map<number, Kept>()

  /** `own`: inode of the network namespace of this process. */
  constructor(own: number, namespaceOf = readNamespace, namesOf = readNames) {
    this.#own = own
    this.#namespaceOf = namespaceOf
    this.#namesOf = namesOf
  }

  /** The name of an interface; its index where the name cannot be known. `pid`: a process that may live there. */
  get(namespace: number, device: number, pid: number | null): string {
    const kept = this.#kept.get(namespace)
    const now = performance.now()
    const isFresh = kept !== undefined && now - kept.atMs < (kept.names.has(device) ? FRESH_MS : ABSENT_MS)
    const names = (isFresh ? kept.names : this.#ask(namespace, pid)) ?? kept?.names
    if (names !== undefined && names !== kept?.names) {
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear()
      this.#kept.set(namespace, { names, atMs: now })
    }
    return names?.get(device) ?? String(device)
  }

  /** undefined: nobody is known who lives there. */
  #ask(namespace: number, pid: number | null): Names | undefined {
    if (namespace === this.#own) return this.#namesOf('self')
    return pid !== null && this.#namespaceOf(pid) === namespace ? this.#namesOf(pid) : undefined
  }
}

/** Inode of the network namespace of a process; null where it has ended, or may not be asked. */
function readNamespace(pid: number): number | null {
  try {
    return Number(/\[([0-9]+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1])
  } catch {
    return null
  }
}

/** A line of /proc/net/if_inet6: address, index, length of the prefix, scope and flags, all hexadecimal, and the name. */
const LINE = /^[0-9a-f]{32} +([0-9a-f]+) +[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +(\S+)$/gm

function readNames(pid: number | 'self'): Names {
  const names = new Map<number, string>()
  for (const [, index = '', name = ''] of readStart(`/proc/${pid}/net/if_inet6`).matchAll(LINE)) {
    names.set(Number.parseInt(index, 16), name)
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
