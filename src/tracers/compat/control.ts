import type { StructLayout } from '../../bpf/btf/layout.ts'
import type { KeyedMap } from '../../bpf/maps/hash.ts'
import type { BpfObject } from '../../bpf/object.ts'
import { greetBy } from '../control.ts'

type Member =
  | 'epoch'
  | 'self'
  | 'tool'
  | 'filter_on'
  | 'filter_generation'
  | 'old_state_record'
  | 'greeting'
  | 'greeter'

/** Key of the only element of an array map. */
export const FIRST = new Uint8Array(4)

/** What user space tells the kernel side in compatible mode; see bpf/compat.bpf.h. */
export class CompatControl {
  readonly #map: KeyedMap
  readonly #filter: KeyedMap
  readonly #layout: StructLayout
  readonly #view: DataView
  #pids: readonly number[] = []
  #self = process.pid
  /** Of the sample under way. */
  turn = 0

  constructor(object: BpfObject) {
    this.#map = object.keyed('compat_control')
    this.#filter = object.keyed('compat_pids')
    this.#layout = object.layout('compat_control')
    this.#view = new DataView(new ArrayBuffer(this.#layout.size))
    this.#set({ self: process.pid, tool: process.pid })
  }

  /** Number of the current interval; 0: counting has not begun. */
  get epoch(): number {
    return this.#view.getUint32(this.#layout.u32('epoch'), true)
  }

  greeted(greet: (number: number) => void): number | null {
    let greeter = 0
    greetBy(greet, greeting => {
      // writing takes back what was told
      greeter ||= this.#map.get(FIRST)?.getUint32(this.#layout.u32('greeter'), true) ?? 0
      this.#set({ greeting })
    })
    if (greeter === 0) return null
    this.#self = greeter
    this.#set({ self: greeter, tool: greeter })
    return greeter
  }

  get pids(): readonly number[] {
    return this.#pids
  }

  /** Begins the next interval. Maps of the one before are at rest after a grace period. */
  advance(): void {
    this.#set({ epoch: this.epoch + 1 })
  }

  /** The records of changes of state are those of kernels before 5.6. */
  useOldStateRecord(): void {
    this.#set({ old_state_record: 1 })
  }

  /** Traces only these processes, or all but this program where there are none. Takes effect at once. */
  setFilter(pids: readonly number[]): void {
    // the new ones first, so that no moment is without a filter
    for (const pid of pids) this.#filter.set(keyOf(pid), keyOf(1))
    const generation = this.#view.getUint32(this.#layout.u32('filter_generation'), true)
    this.#set({
      self: pids.includes(this.#self) ? 0 : this.#self,
      filter_on: pids.length > 0 ? 1 : 0,
      // calls that began under the old filter are not events of the new one
      filter_generation: generation + 1,
    })
    for (const pid of this.#pids) if (!pids.includes(pid)) this.#filter.delete(keyOf(pid))
    this.#pids = [...pids]
  }

  #set(values: Partial<Record<Member, number>>): void {
    for (const [member, value] of Object.entries(values))
      this.#view.setUint32(this.#layout.u32(member), value >>> 0, true)
    this.#map.set(FIRST, new Uint8Array(this.#view.buffer))
  }
}

/** A 32-bit number as a key. */
function keyOf(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}
