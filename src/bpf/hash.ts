/** Maps that are not mapped into memory: each element takes a system call or two. */

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import koffi from 'koffi'
import { BpfError } from './error.ts'
import { errnoName } from './kernel.ts'
import type { Libbpf } from './libbpf.ts'

/** Elements that share a buffer. */
const PIECES = 256

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
  get(key: Uint8Array, value = new Uint8Array(this.#valueSize)): DataView | null {
    if (this.#libbpf.lookup(this.#fd, key, value) !== 0) return null
    return new DataView(value.buffer, value.byteOffset, value.length)
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
    const values = new Pieces(this.#valueSize)
    for (const key of this.#keys()) {
      const value = this.get(key, values.next())
      if (value !== null) yield [new DataView(key.buffer, key.byteOffset, key.length), value]
    }
  }

  /** Takes all elements out of a map that no program writes to. */
  drain(): [key: DataView, value: DataView][] {
    const all = [...this.entries()]
    for (const [{ buffer, byteOffset, byteLength }] of all) this.delete(new Uint8Array(buffer, byteOffset, byteLength))
    return all
  }

  *#keys(): Generator<Uint8Array<ArrayBuffer>> {
    const keys = new Pieces(this.#keySize)
    let previous: Uint8Array<ArrayBuffer> | null = null
    // where the previous key has gone, the kernel begins again
    for (let walked = 0; walked < this.#room; walked++) {
      const next = keys.next()
      if (this.#libbpf.nextKey(this.#fd, previous, next) !== 0) return
      yield next
      previous = next
    }
  }
}

/** Pieces of memory of one size: many small buffers of their own would take several times as much. */
class Pieces {
  readonly #size: number
  #buffer = new ArrayBuffer(0)
  #used = 0

  constructor(size: number) {
    this.#size = size
  }

  next(): Uint8Array<ArrayBuffer> {
    if (this.#used + this.#size > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(this.#size * PIECES)
      this.#used = 0
    }
    const piece = new Uint8Array(this.#buffer, this.#used, this.#size)
    this.#used += this.#size
    return piece
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
