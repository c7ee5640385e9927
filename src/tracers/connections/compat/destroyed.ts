import { Netlink } from '../../../bpf/netlink.ts'
import { DESTROY_GROUPS, type DiagSocket, NETLINK_SOCK_DIAG, readMessages } from './diag.ts'

/** Sockets of one network namespace that are destroyed, each with its last counters. Reading them waits for nobody. */
export class Destroyed {
  readonly #destroyed: Netlink

  /** `bytes`: room for messages about them between two samples, about a kilobyte each. */
  constructor(bytes: number) {
    this.#destroyed = new Netlink(NETLINK_SOCK_DIAG, DESTROY_GROUPS, bytes)
  }

  /** Those since the last call. */
  take(): DiagSocket[] {
    const sockets: DiagSocket[] = []
    for (let datagram = this.#destroyed.receive(); datagram !== null; datagram = this.#destroyed.receive()) {
      readMessages(datagram, socket => sockets.push(socket))
    }
    return sockets
  }

  /** Those that nobody heard of, since the last call. */
  takeDrops(): number {
    return this.#destroyed.takeDrops()
  }

  close(): void {
    this.#destroyed.close()
  }
}
