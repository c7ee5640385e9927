import { Diag, type DiagSocket } from './compat-diag.ts'
import type { NetworkNamespaces } from './namespaces.ts'

/** A socket that inet_diag told of, and the namespace that it is in. */
export interface Found extends DiagSocket {
  readonly namespace: number
}

/** Names a socket for as long as it lives. */
export function keyOf({ namespace, cookie }: Found): string {
  return `${namespace}:${cookie}`
}

/** inet_diag in each network namespace that can be entered. */
export class Diags {
  readonly #namespaces: NetworkNamespaces
  readonly #diags = new Map<number, Diag>()

  /** Throws where there is no inet_diag. */
  constructor(namespaces: NetworkNamespaces) {
    this.#namespaces = namespaces
    this.#diags.set(namespaces.own, new Diag())
  }

  /** Looks for namespaces that are new, and lets go of those that are gone. */
  async search(): Promise<void> {
    await this.#namespaces.search()
    const others = this.#namespaces.others
    for (const inode of others) {
      if (this.#diags.has(inode)) continue
      this.#diags.set(
        inode,
        this.#namespaces.within(inode, () => new Diag()),
      )
    }
    for (const [inode, diag] of this.#diags) {
      if (inode === this.#namespaces.own || others.includes(inode)) continue
      diag.close()
      this.#diags.delete(inode)
    }
  }

  /** All TCP sockets that are open now, once each. Those `before` that a dump passed over, and that may be, are asked for. */
  dump(before: readonly Found[], maybe: (socket: Found) => boolean): Found[] {
    const found = new Map(this.#fromAll(diag => diag.dump()).map(socket => [keyOf(socket), socket]))
    for (const socket of before) {
      const key = keyOf(socket)
      if (found.has(key) || !maybe(socket)) continue
      const { namespace } = socket
      const now = this.#diags.get(namespace)?.find(socket) ?? null
      if (now !== null) found.set(key, { ...now, namespace })
    }
    return [...found.values()]
  }

  /** Those that were destroyed since the last call, with their last counters. */
  takeDestroyed(): Found[] {
    return this.#fromAll(diag => diag.takeDestroyed())
  }

  /** How many of those there was no room for. */
  takeDrops(): number {
    return [...this.#diags.values()].reduce((sum, diag) => sum + diag.takeDrops(), 0)
  }

  close(): void {
    for (const diag of this.#diags.values()) diag.close()
  }

  #fromAll(read: (diag: Diag) => readonly DiagSocket[]): Found[] {
    return [...this.#diags].flatMap(([namespace, diag]) => read(diag).map(socket => ({ ...socket, namespace })))
  }
}
