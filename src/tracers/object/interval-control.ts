/** What user space tells the programs of an object that is written with ebpf_top.bpf.h. */

import { type Mapping, mapShared } from '../../bpf/kernel.ts'
import type { InKernel } from './loading.ts'

/** `struct eb_control`. */
const EPOCH = 0
const SELF = 4
const FILTER = 8
const CONTROL_BYTES = 16

/** Bits of `eb_pids`: PID_MAX_LIMIT of 64-bit kernels. */
const PIDS = 2 ** 22

/** The maps `eb_control` and `eb_pids`. */
export class ObjectControl {
  readonly #control: Mapping
  readonly #filter: Mapping
  readonly #view: DataView
  readonly #bits: DataView
  readonly #self: number
  #pids: readonly number[] = []

  /** Throws where the object has other maps of that name. */
  constructor(object: InKernel, self: number) {
    this.#self = self
    const fdOf = (name: string, bytes: number): number => {
      const map = object.maps.get(name)
      if (map === undefined || map.valueSize * map.entries !== bytes) {
        throw new Error(`map ${name} is not that of ebpf_top.bpf.h`)
      }
      return map.fd
    }
    const [control, filter] = [fdOf('eb_control', CONTROL_BYTES), fdOf('eb_pids', PIDS / 8)]
    this.#control = mapShared(control, CONTROL_BYTES)
    this.#filter = mapShared(filter, PIDS / 8)
    this.#view = new DataView(this.#control.buffer)
    this.#bits = new DataView(this.#filter.buffer)
  }

  /** Begins an interval. */
  advance(epoch: number): void {
    this.#view.setUint32(EPOCH, epoch, true)
  }

  /** Only these processes, or all but this program where there are none. */
  setFilter(pids: readonly number[]): void {
    for (const pid of pids) this.#setBit(pid, true)
    this.#view.setUint32(SELF, pids.includes(this.#self) ? 0 : this.#self, true)
    this.#view.setUint32(FILTER, pids.length > 0 ? 1 : 0, true)
    for (const pid of this.#pids) if (!pids.includes(pid)) this.#setBit(pid, false)
    this.#pids = [...pids]
  }

  close(): void {
    this.#control.release()
    this.#filter.release()
  }

  #setBit(pid: number, on: boolean): void {
    const at = Math.floor(pid / 8)
    if (pid >= PIDS) return
    const bits = this.#bits.getUint8(at)
    this.#bits.setUint8(at, on ? bits | (1 << (pid % 8)) : bits & ~(1 << (pid % 8)))
  }
}
