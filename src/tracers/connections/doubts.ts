import type { ArrayMap, BpfObject } from '../../bpf/object.ts'

/** Of one in the map `leavers`. */
const ENTRY_BYTES = 8

/** Owners of sockets that may have let go of them: the kernel side tells who, and asks in a walk whose sockets are in doubt. */
export class Doubts {
  readonly #state: ArrayMap
  readonly #leavers: DataView
  readonly #bits: DataView
  readonly #leaversAt: number
  readonly #markedAt: number
  readonly #wantedAt: number
  /** How many of those that were told are still there. */
  readonly #remembered: number
  /** Stands for more than that. */
  readonly #all: number
  /** How many there were at the last walk. */
  #read = 0
  #marked: number[] = []

  constructor(object: BpfObject) {
    this.#state = object.array('doubt_state', 'doubt_state')
    this.#leavers = object.bytes('leavers')
    this.#bits = object.bytes('doubtful_owners')
    this.#remembered = this.#leavers.byteLength / ENTRY_BYTES
    this.#all = object.constant('ALL_MARKED')
    const { layout } = this.#state
    this.#leaversAt = layout.u32('leavers')
    this.#markedAt = layout.u32('marked')
    this.#wantedAt = layout.u32('wanted')
  }

  /** Before a walk: marks those that were told since the last one; all where they are too many. */
  mark(): void {
    const { view } = this.#state
    const told = view.getUint32(this.#leaversAt, true)
    const count = (told - this.#read) >>> 0
    const pids = count > this.#remembered ? null : this.#take(count)
    this.#read = told
    this.#marked = pids ?? []
    for (const pid of this.#marked) setBit(this.#bits, pid, true)
    view.setUint32(this.#markedAt, pids === null ? this.#all : pids.length, true)
    view.setUint32(this.#wantedAt, 0, true)
  }

  /** After it: whether the holder of any socket is to be looked for. */
  settle(): boolean {
    for (const pid of this.#marked) setBit(this.#bits, pid, false)
    this.#marked = []
    return this.#state.view.getUint32(this.#wantedAt, true) > 0
  }

  /** Processes; null: one is being written, or was written over. */
  #take(count: number): number[] | null {
    const pids: number[] = []
    for (let i = 0; i < count; i++) {
      const number = (this.#read + i) >>> 0
      const at = (number % this.#remembered) * ENTRY_BYTES
      if (this.#leavers.getUint32(at + 4, true) !== (number + 1) >>> 0) return null
      pids.push(this.#leavers.getUint32(at, true))
    }
    return pids
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
