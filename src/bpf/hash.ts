/** Maps that are not mapped into memory: each element takes a system call or two. */

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import koffi from 'koffi'
import { BpfError } from './error.ts'
import { errnoName } from './kernel.ts'
import type { Libbpf } from './libbpf.ts'

/** A map with keys. Elements are bytes as the C structs have them. */
export class KeyedMap {
  readonly #libbpf: Libbpf
  readonly #fd: number
  readonly #name: string
  readonly #keySize: number
  readonly #valueSize: number
  readonly #room: number

  /** In bytes, and entries; the value's is that of all processors together where the map has one for each. */
  constructor(libbpf: Libbpf, fd: number, name: string, sizes: { key: number; value: number; room: number }) {
    this.#libbpf = libbpf
    this.#fd = fd
    this.#name = name
    this.#keySize = sizes.key
    this.#valueSize = sizes.value
    this.#room = sizes.room
  }

  /** The value of a key; null: there is none. */
  get(key: Uint8Array): DataView | null {
    const value = new Uint8Array(this.#valueSize)
    return this.#libbpf.lookup(this.#fd, key, value) === 0 ? new DataView(value.buffer) : null
  }

  set(key: Uint8Array, value: Uint8Array): void {
    if (this.#libbpf.update(this.#fd, key, value, 0) !== 0) {
      throw new BpfError(`writing to map ${this.#name}: ${errnoName(koffi.errno())}`, 'see ebpf-top --doctor')
    }
  }

  delete(key: Uint8Array): void {
    this.#libbpf.remove(this.#fd, key)
  }

  /** All elements. What is added or taken away meanwhile may be there, be missing, or end the walk early. */
  *entries(): Generator<[key: DataView, value: DataView]> {
    for (const key of this.#keys()) {
      const value = this.get(key)
      if (value !== null) yield [new DataView(key.buffer), value]
    }
  }

  /** Takes all elements out of a map that no program writes to. */
  drain(): [key: DataView, value: DataView][] {
    const all = [...this.entries()]
    for (const [key] of all) this.delete(new Uint8Array(key.buffer))
    return all
  }

  *#keys(): Generator<Uint8Array<ArrayBuffer>> {
    let previous: Uint8Array | null = null
    // where the previous key has gone, the kernel begins again
    for (let walked = 0; walked < this.#room; walked++) {
      const next: Uint8Array<ArrayBuffer> = new Uint8Array(this.#keySize)
      if (this.#libbpf.nextKey(this.#fd, previous, next) !== 0) return
      yield next
      previous = next
    }
  }
}

/** Processors that the kernel keeps a value for in maps with one each: /sys/devices/system/cpu/possible. */
export function possibleProcessors(): number {
  try {
    const last = /(\d+)\s*$/.exec(readFileSync('/sys/devices/system/cpu/possible', 'utf8'))?.[1]
    return Number(last) + 1
  } catch {
    return availableParallelism()
  }
}
