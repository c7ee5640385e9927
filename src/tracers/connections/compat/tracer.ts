import type { BpfObject } from '../../../bpf/object.ts'
import { ListBatch } from '../../../table/batch.ts'
import { CompatFilling } from '../../compat/filling.ts'
import { CompatLoss } from '../../compat/loss.ts'
import { addLosses, type Losses } from '../../loss.ts'
import type { NetworkNamespaces } from '../../network/namespaces.ts'
import type { ConnectionRecord, ConnectionRecords } from '../sockets/record.ts'
import { LISTEN, SYN_SENT } from './diag.ts'
import { Diags, type Found, keyOf } from './dumps.ts'
import { CompatEnds } from './ends.ts'
import { SocketOwners } from './owners.ts'
import { CompatRecords } from './records.ts'
import { endsOf, type TracedSocket, TracedSockets } from './sockets.ts'

/**
 * TCP connections in compatible mode: their changes of state from a tracepoint, their counters from inet_diag, both while
 * they are open and when they are destroyed.
 */
export class CompatConnections {
  readonly source: string
  /** Nothing to prepare: what was read was taken out. */
  readonly closed = {
    prepare: (): void => this.#filling?.begin(),
    fill: (): number => {
      this.#ends.collectDestroyed()
      return this.#filling?.fill() ?? 0
    },
  }
  readonly #filling: CompatFilling | null
  readonly #control: { readonly epoch: number }
  /** null: there is no tracepoint, and connections are seen only while they are open. */
  readonly #traced: TracedSockets | null
  readonly #loss: CompatLoss | null
  readonly #owners = new SocketOwners()
  readonly #diags: Diags
  readonly #records = new CompatRecords(this.#owners)
  readonly #ends: CompatEnds
  #found: Found[] = []
  /** Sockets that the last look found, though nothing had told of them. */
  #strangers = new Set<string>()
  #live = new Map<string, TracedSocket>()

  /** `object` null: without the tracepoint. `asking`: the program that asks inet_diag (src/tracers/connections/compat/diag.c). */
  constructor(
    object: BpfObject | null,
    control: { readonly epoch: number },
    namespaces: NetworkNamespaces,
    asking: string,
  ) {
    this.#control = control
    this.source = object === null ? 'inet_diag' : 'inet_diag+tp:inet_sock_set_state'
    this.#traced = object === null ? null : new TracedSockets(object)
    this.#loss = object === null ? null : new CompatLoss(object, 'lost_connections')
    this.#filling = object === null ? null : new CompatFilling(object, { made_ends: 'closed_even' })
    this.#diags = new Diags(namespaces, asking)
    this.#ends = new CompatEnds(this.#traced, this.#diags, this.#records, namespaces.own)
  }

  /** Asks for all sockets, and who has those open whose owner nothing told. */
  async walk(): Promise<void> {
    await this.#diags.search()
    this.#live = new Map(this.#traced?.live().map(socket => [endsOf(socket), socket]))
    // what the first look passes over would count as new at the second
    const isFirst = this.#control.epoch === 0
    const live = [...this.#live.values()]
    const before = isFirst ? await this.#diags.dump([], () => false, []) : this.#found
    const found = await this.#diags.dump(before, socket => isFirst || this.#mayBeOpen(socket), live)
    this.#found = isFirst ? found : this.#leaveStrangers(found)
    const held = this.#found.filter(({ inode }) => inode !== 0)
    await this.#owners.search(new Map(held.map(socket => [socket.inode, this.#tracedBy(socket)?.owner || null])))
    // what is there before the first interval is older than the tool
    if (isFirst) for (const socket of this.#found) this.#open(socket, true)
  }

  /** What the last walk found, connections and listening sockets. To be called once. */
  async readOpen(): Promise<ConnectionRecords> {
    return new ListBatch(this.#found.map(socket => this.#open(socket, this.#isOlder(socket))))
  }

  /** Takes what closed in an interval at rest, for a later `readClosed`. */
  collect(epoch: number): void {
    this.#ends.collect(epoch)
  }

  /** What closed in an interval at rest. To be called once, after the open ones were read. */
  readClosed(epoch: number): ConnectionRecords {
    const closed = this.#ends.take(epoch)
    this.#records.keep(new Set([...this.#found.map(keyOf), ...this.#ends.destroyed]), this.#ends.waiting)
    return new ListBatch(closed)
  }

  /** Connections of this interval that are in no record. */
  takeLost(): Losses {
    return addLosses(this.#loss?.take() ?? {}, { dropped: this.#diags.takeDrops(), no_row: this.#ends.takeLost() })
  }

  notes(): readonly string[] {
    return this.#diags.notes()
  }

  close(): void {
    this.#diags.close()
  }

  #open(socket: Found, older: boolean): ConnectionRecord {
    return this.#records.open(socket, this.#tracedBy(socket), older)
  }

  /**
   * Leaves out sockets of which nothing tells: most began after what lives was read, and who owns them is known at the next
   * look, or at their end. Those that are there again are older than the tool, or no row was left for them.
   */
  #leaveStrangers(found: readonly Found[]): Found[] {
    const isStranger = (socket: Found): boolean =>
      this.#traced !== null &&
      this.#diags.isSettled(socket.namespace) &&
      socket.state !== LISTEN &&
      this.#records.get(socket) === undefined &&
      this.#tracedBy(socket) === undefined
    const before = this.#strangers
    this.#strangers = new Set(found.filter(isStranger).map(keyOf))
    return found.filter(socket => !this.#strangers.has(keyOf(socket)) || before.has(keyOf(socket)))
  }

  /** Nothing told of it, and its namespace was not looked at before, or not all of it could be: it is no new one. */
  #isOlder(socket: Found): boolean {
    if (this.#diags.isSettled(socket.namespace) || this.#records.get(socket) !== undefined) return false
    return socket.state === LISTEN || this.#tracedBy(socket) === undefined
  }

  /** Whether nothing told the end of a socket that was open: where many close, few are asked for. */
  #mayBeOpen(socket: Found): boolean {
    if (this.#traced === null || socket.state === LISTEN) return true
    return this.#tracedBy(socket) !== undefined || this.#records.get(socket)?.older === true
  }

  /** What the tracepoint told of a socket; when it began to connect, it may not have had a port yet. */
  #tracedBy(socket: Found): TracedSocket | undefined {
    const unbound = { ...socket, local: { ...socket.local, port: 0 } }
    return this.#live.get(endsOf(socket)) ?? (socket.state === SYN_SENT ? this.#live.get(endsOf(unbound)) : undefined)
  }
}
