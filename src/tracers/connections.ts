import { setTimeout as sleep } from 'node:timers/promises'
import { readU64 } from '../bpf/layout.ts'
import type { ArrayMap, BpfObject } from '../bpf/object.ts'
import type { RowMap } from '../bpf/row-map.ts'
import { inSlices, PORTION } from '../sample/slices.ts'
import { Arena } from './arena.ts'
import type { Control } from './control.ts'
import { addLosses, Loss, type Losses, totalLost } from './loss.ts'
import type { NetworkNamespaces } from './namespaces.ts'
import type { ConnectionRecords } from './socket-record.ts'
import { RowsOfSockets, type SocketOffsets, socketOffsets } from './socket-rows.ts'

/** Of bpf/connections.bpf.c those whose runs tell of connections, and are lost where no understudy makes them good. */
export const CONNECTION_PROGRAMS: ReadonlySet<string> = new Set(['inet_sock_set_state'])

/** The same name in bpf/connection.bpf.h. */
const NAMESPACE_PLACES = 64

/** Walks without locks before one that waits for locks. */
const MOST_WALKS = 4

/** From so many places on two threads walk at once; fewer take one thread about a millisecond. */
const MANY_PLACES = 4096

/** TCP connections and listening sockets. */
export class ConnectionTracer {
  readonly source = 'iter/tcp+tp_btf'
  /** Sockets that were told of can be walked without the kernel's list of all sockets. */
  readonly #quick: boolean
  readonly #placesUsed: number
  readonly #nextPlace: number
  readonly #busy: number
  /** Other network namespaces whose list was walked. */
  #known: ReadonlySet<number> = new Set()
  /** There may be sockets that nobody told of: older ones, or what was lost. */
  #unsure = true
  readonly closed: Arena
  readonly #object: BpfObject
  readonly #control: Control
  readonly #open: RowMap
  readonly #state: ArrayMap
  readonly #openUsed: number
  readonly #unplaced: number
  readonly #namespacesAt: number
  readonly #namespacePidsAt: number
  readonly #loss: Loss
  readonly #at: SocketOffsets
  readonly #namespaces: NetworkNamespaces
  readonly #endedOwners: DataView
  /** Processes that ended since the last walk. */
  #ended: readonly number[] = []
  /** Connections whose owner was looked for once, in vain or not. */
  #searched = new Set<number>()
  #withoutRow = 0

  constructor(object: BpfObject, control: Control, namespaces: NetworkNamespaces) {
    this.#namespaces = namespaces
    this.#object = object
    this.#control = control
    this.#open = object.rows('open_connections', 'connection')
    this.#endedOwners = object.bytes('ended_owners')
    this.#state = object.array('connection_state', 'connection_state')
    this.#openUsed = this.#state.layout.u32('open_used')
    this.#quick = object.has('walk_places')
    this.#placesUsed = this.#state.layout.u32('places_used')
    this.#nextPlace = this.#state.layout.u32('next_place')
    this.#busy = this.#state.layout.u32('busy')
    this.#unplaced = this.#state.layout.u32('unplaced')
    this.#loss = new Loss(
      object,
      this.#state,
      { no_row: 'lost_no_row', no_memory: 'lost_no_socket' },
      CONNECTION_PROGRAMS,
      'stood_in',
    )
    const closed = object.rows('closed_connections', 'connection')
    const layout = this.#state.layout
    this.#namespacesAt = layout.array('namespaces', 4, NAMESPACE_PLACES)
    this.#namespacePidsAt = layout.array('namespace_pids', 4, NAMESPACE_PLACES)
    this.#state.view.setUint32(layout.u32('open_room'), this.#open.entries, true)
    this.#state.view.setUint32(layout.u32('closed_room'), closed.entries / 2, true)
    this.#state.view.setUint32(layout.u32('places'), object.entries('tcp_sockets'), true)
    this.closed = new Arena(closed, this.#state, 'closed_used')
    this.#at = socketOffsets(this.#open.layout)
  }

  /** Walks over all sockets. */
  async walk(): Promise<void> {
    this.#control.beginPass()
    this.#state.view.setUint32(this.#openUsed, 0, true)
    for (let place = 0; place < NAMESPACE_PLACES; place++) {
      const inode = this.#state.view.getUint32(this.#namespacesAt + 4 * place, true)
      const pid = this.#state.view.getUint32(this.#namespacePidsAt + 4 * place, true)
      if (inode !== 0) this.#namespaces.consider(inode, pid)
    }
    await this.#namespaces.search()
    // first, since it makes the places free that the others may need
    const met = this.#quick && (await this.#walkPlaces())
    const { others } = this.#namespaces
    if (!met || this.#unsure) await this.#walkAll()
    else await this.#walkNamespaces(others.filter(inode => !this.#known.has(inode)))
    this.#known = new Set(others)
    // those that close in the first interval have an owner then
    if (this.#control.epoch === 0) await this.readOpen()
  }

  /** The kernel's list of all sockets: those of which nothing is known yet, and those that this walk has not met. */
  async #walkAll(): Promise<void> {
    await this.#object.walk('walk_sockets')
    await this.#walkNamespaces(this.#namespaces.others)
  }

  async #walkNamespaces(inodes: readonly number[]): Promise<void> {
    for (const inode of inodes) {
      await this.#object.walk('walk_sockets', open => this.#namespaces.within(inode, open))
    }
  }

  /**
   * The sockets that were told of, and those again that somebody is at work on; false: somebody still is, and has to be
   * waited for.
   */
  async #walkPlaces(): Promise<boolean> {
    const walkers = this.#state.view.getUint32(this.#placesUsed, true) < MANY_PLACES ? 1 : 2
    for (let times = 0; times < MOST_WALKS; times++) {
      // a process that was preempted in the middle of it has its turn meanwhile
      if (times > 1) await sleep(1)
      this.#state.view.setUint32(this.#nextPlace, 0, true)
      this.#state.view.setUint32(this.#busy, 0, true)
      await Promise.all(Array.from({ length: walkers }, () => this.#object.run('walk_places')))
      if (this.#state.view.getUint32(this.#busy, true) === 0) return true
    }
    return false
  }

  /** These processes have ended: what they held may have another holder. */
  ended(pids: readonly number[]): void {
    this.#ended = [...this.#ended, ...pids]
  }

  /** What the last walk found, connections and listening sockets; where one has no known owner, all open files are looked at. */
  async readOpen(): Promise<ConnectionRecords> {
    const rows = await inSlices(this.#copyOpen())
    const ended = this.#ended
    this.#ended = []
    if (!(await inSlices(this.#newOrphans(rows, new Set(ended))))) return new RowsOfSockets(rows, this.#at)
    for (const pid of ended) setBit(this.#endedOwners, pid, true)
    await this.#object.walk('walk_files')
    for (const pid of ended) setBit(this.#endedOwners, pid, false)
    return new RowsOfSockets(await inSlices(this.#copyOpen()), this.#at)
  }

  /** What closed in an interval at rest. */
  readClosed(epoch: number): ConnectionRecords {
    return new RowsOfSockets(this.closed.read(epoch), this.#at)
  }

  /** Connections of this interval that are in no record. */
  takeLost(): Losses {
    const losses = addLosses(this.#loss.take(), { no_row: this.#withoutRow })
    // what nobody told of at its begin is found in the list of all sockets
    const unplaced = this.#state.view.getUint32(this.#unplaced, true)
    this.#unsure = this.#control.epoch === 0 || totalLost(losses) > 0 || unplaced > 0
    this.#state.view.setUint32(this.#unplaced, 0, true)
    return losses
  }

  #copyOpen(): Generator<void, DataView> {
    const used = this.#state.view.getUint32(this.#openUsed, true)
    this.#withoutRow = Math.max(0, used - this.#open.entries)
    return this.#open.copyInPortions(this.#control.epoch, 0, Math.min(used, this.#open.entries))
  }

  /** Whether there are sockets that are held, but not by a known process that lives, and were not looked for yet. */
  *#newOrphans(rows: DataView, ended: ReadonlySet<number>): Generator<void, boolean> {
    const unknown = new Set<number>()
    let found = false
    for (let row = 0; row < rows.byteLength; row += this.#at.size) {
      if (row % (PORTION * this.#at.size) === 0) yield
      // what waits to be accepted is nobody's yet, what was closed is nobody's any more
      if (rows.getUint8(row + this.#at.held) === 0) continue
      const owner = rows.getUint32(row + this.#at.owner, true)
      if (owner === 0) unknown.add(readU64(rows, row + this.#at.id))
      else found ||= ended.has(owner)
    }
    found ||= !unknown.isSubsetOf(this.#searched)
    this.#searched = unknown
    return found
  }
}

/** Of a bitmap with one bit per process id. */
function setBit(bitmap: DataView, pid: number, on: boolean): void {
  const at = Math.floor(pid / 8)
  if (at >= bitmap.byteLength) return
  const bit = 1 << (pid % 8)
  const value = bitmap.getUint8(at)
  bitmap.setUint8(at, on ? value | bit : value & ~bit)
}
