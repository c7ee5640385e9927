/** Maps that are not mapped into memory: each element takes a system call or two. */

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import koffi from 'koffi'
import { errnoName } from '../../syscall/errno.ts'
import { BpfError } from '../error.ts'
import type { Libbpf } from '../libbpf.ts'

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

  /**
   * All elements, each valid until the next one is asked for. What is added or taken away meanwhile may be there, be missing,
   * or end the walk early.
   */
  *entries(): Generator<[key: DataView, value: DataView]> {
    const value = new Uint8Array(this.#valueSize)
    for (const key of this.#keys()) {
      const found = this.get(key, value)
      if (found !== null) yield [viewOf(key), found]
    }
  }

  /** Takes all elements out of a map that no program writes to, each valid until the next one is asked for. */
  *drain(): Generator<[key: DataView, value: DataView]> {
    const value = new Uint8Array(this.#valueSize)
    const keys = this.#keys()
    let previous: Uint8Array | null = null
    try {
      for (const key of keys) {
        // once the way from it to the next one is known
        if (previous !== null) this.delete(previous)
        previous = key
        const found = this.get(key, value)
        if (found !== null) yield [viewOf(key), found]
      }
    } finally {
      // nothing is left for the next interval, whatever became of who reads
      if (previous !== null) this.delete(previous)
      for (const key of Array.from(this.#keys(), key => key.slice())) this.delete(key)
    }
  }

  /** Each valid until the next but one. */
  *#keys(): Generator<Uint8Array<ArrayBuffer>> {
    let key = new Uint8Array(this.#keySize)
    let spare = new Uint8Array(this.#keySize)
    let previous: Uint8Array<ArrayBuffer> | null = null
    // where the previous key has gone, the kernel begins again
    for (let walked = 0; walked < this.#room; walked++) {
      if (this.#libbpf.nextKey(this.#fd, previous, key) !== 0) return
      yield key
      previous = key
      ;[key, spare] = [spare, key]
    }
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
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
