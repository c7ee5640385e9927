import { setTimeout as sleep } from 'node:timers/promises'
import { AsideReader } from '../../bpf/aside.ts'
import { BpfError } from '../../bpf/error.ts'
import { gracePeriod } from '../../bpf/kernel.ts'
import type { LentBytes } from '../../bpf/maps/lent.ts'
import type { RowMap } from '../../bpf/maps/row-map.ts'
import type { ArrayMap, BpfObject } from '../../bpf/object.ts'
import { inSlices } from '../../table/slices.ts'
import type { Control } from '../control.ts'
import { HalvedRows } from '../interval-rows.ts'
import { addLosses, Loss, type Losses, totalLost } from '../loss.ts'
import { Doubts } from './doubts.ts'
import { type SocketOffsets, socketOffsets } from './sockets/offsets.ts'
import type { ConnectionRecords } from './sockets/record.ts'
import { socketRows } from './sockets/rows.ts'

/** As `sources` of a sample shows it. */
export const FULL_SOURCE = 'iter/tcp+tp_btf'

/** Of bpf/connections.bpf.c those whose runs tell of connections, and are lost where no understudy makes them good. */
export const CONNECTION_PROGRAMS: ReadonlySet<string> = new Set(['inet_sock_set_state'])

/**
 * Walks until a socket that somebody works on is left out, in milliseconds between them: a process that was preempted in
 * the middle of its work has its turn meanwhile.
 */
const PAUSES_MS = [0, 0, 1, 3]

/** Reads of busy sockets in one walk, besides a first one each: some milliseconds. */
const MOST_TRIES = 100_000
/** Of one of them: longer than it takes to copy what a process sends at once. */
const TRIES = 10_000

/** All open files are looked at again so often: what waited to be accepted when the tool began has one by then. */
const SEARCH_EVERY_MS = 30_000
/** For the rest, looking for sockets takes no more than this part of the time. */
const SEARCH_SHARE = 0.05

/** How long a walk that takes locks, and is not held up, is waited for, in milliseconds; by itself it takes a few. */
const PATIENCE_MS = 2_000
/** And how often there is one, where it is only for what nobody told of. */
const LIST_EVERY_MS = 5_000

/** NO_SESSION of bpf/socket_walks.bpf.h: no walk over the kernel's list tells sockets. */
const NO_SESSION = 2n ** 64n - 1n

/** From so many places on two threads walk at once; fewer take one thread about a millisecond. */
const MANY_PLACES = 4096

type Member =
  | 'open_room'
  | 'closed_room'
  | 'open_used'
  | 'places'
  | 'places_used'
  | 'next_place'
  | 'busy'
  | 'tries'
  | 'tells'
  | 'final'
  | 'waiting'

/** TCP connections and listening sockets. */
export class ConnectionTracer {
  readonly source = FULL_SOURCE
  /** Sockets that have a place can be walked without the kernel's list of all sockets. */
  readonly #quick: boolean
  readonly #aside = new AsideReader()
  /** There may be sockets that nobody told of: older ones, or what was lost. */
  #unsure = true
  #searchedAt = -Infinity
  #searchMs = 0
  #listedAt = -Infinity
  readonly closed: HalvedRows
  readonly #object: BpfObject
  readonly #control: Control
  readonly #open: RowMap
  readonly #state: ArrayMap
  readonly #members: Record<Member, number>
  readonly #session: number
  readonly #loss: Loss
  readonly #at: SocketOffsets
  readonly #doubts: Doubts
  #withoutRow = 0
  /** Walks that could not be begun since the last time that losses were taken, and why not; null: all were. */
  #unopened = 0
  #obstacle: string | null = null

  constructor(object: BpfObject, control: Control) {
    this.#object = object
    this.#control = control
    this.#open = object.rows('open_connections', 'connection')
    this.#doubts = new Doubts(object)
    this.#state = object.array('connection_state', 'connection_state')
    const { layout } = this.#state
    this.#quick = object.has('walk_places')
    this.#members = {
      open_room: layout.u32('open_room'),
      closed_room: layout.u32('closed_room'),
      open_used: layout.u32('open_used'),
      places: layout.u32('places'),
      places_used: layout.u32('places_used'),
      next_place: layout.u32('next_place'),
      busy: layout.u32('busy'),
      tries: layout.u32('tries'),
      tells: layout.u32('tells'),
      final: layout.u32('final'),
      waiting: layout.u32('waiting'),
    }
    this.#session = layout.u64('session')
    this.#loss = new Loss(
      object,
      this.#state,
      { no_row: 'lost_no_row', no_memory: 'lost_no_socket', missed: 'lost_untold' },
      CONNECTION_PROGRAMS,
      'stood_in',
    )
    const closed = object.rows('closed_connections', 'connection')
    this.#set('open_room', this.#open.entries)
    this.#set('closed_room', closed.entries / 2)
    this.#set('places', object.entries('tcp_sockets'))
    this.#setSession(NO_SESSION)
    this.closed = new HalvedRows(closed, this.#state, 'closed_used')
    this.#at = socketOffsets(this.#open.layout, object.constant('NO_RTT'))
  }

  /** Walks over all sockets, and never waits for the lock of one. */
  async walk(): Promise<void> {
    this.#doubts.mark()
    this.#control.beginPass()
    this.#set('open_used', 0)
    if (this.#quick) {
      await this.#search()
      await this.#walkPlaces()
    } else {
      await this.#walkFiles()
    }
    // those that close in the first interval have an owner then
    if (this.#control.epoch === 0) await this.readOpen()
  }

  notes(): string[] {
    const notes: string[] = []
    if (this.#aside.isHeldUp)
      notes.push(
        'the list of sockets waits for a process that holds the lock of one: sockets without a file may be missing',
      )
    if (this.#obstacle !== null)
      notes.push(`sockets that nobody told of, and new holders, may be missing: ${this.#obstacle}`)
    this.#obstacle = null
    return notes
  }

  /** Looks at all open files. Where that cannot be done, what is known already is told all the same. */
  async #lookAtFiles(): Promise<void> {
    try {
      await this.#object.walk('walk_files')
    } catch (error) {
      this.#notOpened(error)
    }
  }

  /** What a walk would have found is lost, until the next one. */
  #notOpened(error: unknown): void {
    this.#unopened++
    this.#obstacle ??= error instanceof BpfError ? error.what : error instanceof Error ? error.message : String(error)
  }

  /** Gives sockets a place that nobody told of. */
  async #search(): Promise<void> {
    const now = performance.now()
    const since = now - this.#searchedAt
    const isDue = since > SEARCH_EVERY_MS || (this.#unsure && since > this.#searchMs / SEARCH_SHARE)
    if (!isDue) return
    await this.#lookAtFiles()
    this.#searchedAt = performance.now()
    this.#searchMs = this.#searchedAt - now
    // sockets without a file: of the kernel itself, of nobody any more, or not accepted yet
    if (!this.#unsure || now - this.#listedAt < LIST_EVERY_MS) return
    this.#listedAt = now
    const listed = this.#walkList()
    if (this.#control.epoch === 0) await listed
  }

  /** Sockets that have a place, and those again that somebody works on; who still does is told as of the last walk. */
  async #walkPlaces(): Promise<void> {
    const walkers = this.#get('places_used') < MANY_PLACES ? 1 : 2
    for (const [times, pause] of PAUSES_MS.entries()) {
      if (pause > 0) await sleep(pause)
      const isLast = times === PAUSES_MS.length - 1
      const busy = this.#get('busy')
      this.#set('tries', times === 0 ? 0 : Math.min(TRIES, Math.floor(MOST_TRIES / Math.max(1, busy))))
      this.#set('next_place', 0)
      this.#set('busy', 0)
      this.#set('final', isLast ? 1 : 0)
      await Promise.all(Array.from({ length: walkers }, () => this.#object.run('walk_places')))
      if (this.#get('busy') === 0) return
    }
  }

  /** Sockets by the files that lead to them, and the others by the kernel's list, as far as that comes to its end in time. */
  async #walkFiles(): Promise<void> {
    this.#set('tells', 1)
    this.#set('final', 0)
    await this.#object.walk('walk_files')
    this.#set('tells', 0)
    this.#setSession(0n)
    const isWhole = await this.#walkList()
    this.#setSession(NO_SESSION)
    if (isWhole) return
    // no program that saw the old number is still running
    await gracePeriod()
    this.#set('tells', 1)
    this.#set('final', 1)
    await this.#object.walk('walk_files')
    this.#set('tells', 0)
  }

  /** The kernel's list of all sockets, which takes the lock of each: another process goes through it. */
  async #walkList(): Promise<boolean> {
    let iterator: number
    try {
      iterator = this.#object.openWalk('walk_sockets')
    } catch (error) {
      this.#notOpened(error)
      return false
    }
    return this.#aside.read(iterator, PATIENCE_MS)
  }

  #get(member: Member): number {
    return this.#state.view.getUint32(this.#members[member], true)
  }

  #set(member: Member, value: number): void {
    this.#state.view.setUint32(this.#members[member], value, true)
  }

  /** Which walk over the kernel's list tells sockets; 0: the next that begins. */
  #setSession(session: bigint): void {
    this.#state.view.setBigUint64(this.#session, session, true)
  }

  /** What the last walk found, connections and listening sockets; where an owner is in doubt, all open files are looked at. */
  async readOpen(): Promise<ConnectionRecords> {
    if (this.#doubts.settle()) await this.#lookAtFiles()
    return socketRows(await inSlices(this.#copyOpen()), this.#at)
  }

  /** What closed in an interval at rest. */
  readClosed(epoch: number): ConnectionRecords {
    const rows = this.closed.read(epoch)
    rows.hold()
    return socketRows(rows, this.#at)
  }

  /** Connections of this interval that are in no record. */
  takeLost(): Losses {
    const waiting = this.#get('waiting')
    const losses = addLosses(this.#loss.take(), { no_row: this.#withoutRow + waiting, missed: this.#unopened })
    this.#unopened = 0
    // what nobody told of at its begin is found by its file
    this.#unsure = this.#control.epoch === 0 || totalLost(losses) > 0
    return losses
  }

  #copyOpen(): Generator<void, LentBytes> {
    const used = this.#get('open_used')
    this.#withoutRow = Math.max(0, used - this.#open.entries)
    return this.#open.copyInPortions(0, Math.min(used, this.#open.entries))
  }
}
