import { randomInt } from 'node:crypto'
import type { ArrayMap } from '../bpf/object.ts'

type Member = 'epoch' | 'self' | 'filter_on' | 'filter_generation' | 'pass' | 'greeting' | 'greeter'

const BITS_PER_BYTE = 8

/** Numbers that no system call has, on any architecture. */
const NO_CALLS = { from: 0x1000_0000, count: 0x1000_0000 }

/** Says a number that nobody else knows to the kernel side, and takes it back. */
export function greetBy(greet: (number: number) => void, set: (greeting: number) => void): void {
  const greeting = randomInt(NO_CALLS.from, NO_CALLS.from + NO_CALLS.count)
  set(greeting)
  greet(greeting)
  set(0)
}

/** What user space tells the kernel side; see bpf/control.bpf.h. */
export class Control {
  readonly #view: DataView
  readonly #filter: DataView
  readonly #at: Record<Member, number>
  readonly #slow: number
  #pids: readonly number[] = []
  #self = process.pid

  constructor(control: ArrayMap, filter: DataView) {
    this.#view = control.view
    this.#filter = filter
    this.#at = {
      epoch: control.layout.u32('epoch'),
      self: control.layout.u32('self'),
      greeting: control.layout.u32('greeting'),
      greeter: control.layout.u32('greeter'),
      filter_on: control.layout.u32('filter_on'),
      filter_generation: control.layout.u32('filter_generation'),
      pass: control.layout.u32('pass'),
    }
    this.#slow = control.layout.u64('slow_ns')
  }

  /** Number of the current interval; 0: counting has not begun. */
  get epoch(): number {
    return this.#get('epoch')
  }

  /** Begins the next interval. Rows of the one before are at rest after a grace period. */
  advance(): void {
    this.#set('epoch', this.epoch + 1)
  }

  /** Begins a walk over all sockets. */
  beginPass(): void {
    this.#set('pass', this.#get('pass') + 1)
  }

  /** From now on, calls that take at least that many nanoseconds are told one by one; 0: none. */
  setSlow(ns: number): void {
    this.#view.setBigUint64(this.#slow, BigInt(Math.round(ns)), true)
  }

  greeted(greet: (number: number) => void): number | null {
    greetBy(greet, greeting => this.#set('greeting', greeting))
    const greeter = this.#get('greeter')
    if (greeter === 0) return null
    this.#self = greeter
    return greeter
  }

  get pids(): readonly number[] {
    return this.#pids
  }

  /** Traces only these processes, or all but this program where there are none. Takes effect at once. */
  setFilter(pids: readonly number[]): void {
    // the new bits first, so that no moment is without a filter
    for (const pid of pids) this.#setBit(pid, true)
    this.#set('self', pids.includes(this.#self) ? 0 : this.#self)
    this.#set('filter_on', pids.length > 0 ? 1 : 0)
    for (const pid of this.#pids) if (!pids.includes(pid)) this.#setBit(pid, false)
    // calls that began under the old filter are not events of the new one
    this.#set('filter_generation', this.#get('filter_generation') + 1)
    this.#pids = [...pids]
  }

  #setBit(pid: number, on: boolean): void {
    const byte = Math.floor(pid / BITS_PER_BYTE)
    if (byte >= this.#filter.byteLength) return
    const bit = 1 << (pid % BITS_PER_BYTE)
    const value = this.#filter.getUint8(byte)
    this.#filter.setUint8(byte, on ? value | bit : value & ~bit)
  }

  #get(member: Member): number {
    return this.#view.getUint32(this.#at[member], true)
  }

  #set(member: Member, value: number): void {
    this.#view.setUint32(this.#at[member], value >>> 0, true)
  }
}
