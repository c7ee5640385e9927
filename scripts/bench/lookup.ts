/** Bare batch look-ups: the least that it takes to get entries of a map into this process by system calls. */

import { closeSync } from 'node:fs'
import koffi from 'koffi'

const libbpf = koffi.load('libbpf.so.1')
const createMap = libbpf.func(
  'int bpf_map_create(uint32_t type, const char *name, uint32_t key, uint32_t value, uint32_t entries, void *options)',
)
const lookUpBatch = libbpf.func(
  'int bpf_map_lookup_batch(int fd, void *from, void *to, void *keys, void *values, _Inout_ uint32_t *count, void *options)',
)
const updateBatch = libbpf.func(
  'int bpf_map_update_batch(int fd, const void *keys, const void *values, _Inout_ uint32_t *count, void *options)',
)

/** enum bpf_map_type of <linux/bpf.h>. */
const TYPES = { hash: 1, array: 2 } as const

/** A full map of its own. */
export class FilledMap {
  readonly #fd: number
  readonly #entries: number
  readonly #keys: Uint32Array
  readonly #values: Uint8Array
  readonly #position: Uint8Array

  constructor(type: keyof typeof TYPES, entries: number, valueSize: number) {
    this.#entries = entries
    this.#keys = Uint32Array.from({ length: entries }, (_, i) => i)
    this.#values = new Uint8Array(entries * valueSize).fill(1)
    this.#position = new Uint8Array(8)
    this.#fd = createMap(TYPES[type], 'bench', 4, valueSize, entries, null)
    if (this.#fd < 0) throw new Error(`bpf_map_create: ${this.#fd}`)
    const status: number = updateBatch(this.#fd, this.#keys, this.#values, Uint32Array.of(entries), null)
    if (status !== 0) throw new Error(`bpf_map_update_batch: ${status}`)
  }

  /** Reads all entries; gives the milliseconds that it took. */
  read(): number {
    const count = Uint32Array.of(this.#entries)
    const begun = performance.now()
    lookUpBatch(this.#fd, null, this.#position, this.#keys, this.#values, count, null)
    const milliseconds = performance.now() - begun
    if (count[0] !== this.#entries) throw new Error(`bpf_map_lookup_batch gave ${count[0]} of ${this.#entries}`)
    return milliseconds
  }

  close(): void {
    closeSync(this.#fd)
  }
}
