/** Reads maps of any size: many elements at a time where the kernel can (5.6), within bounds. */

import koffi from 'koffi'
import type { Libbpf } from '../../bpf/libbpf.ts'
import { errnoName } from '../../syscall/errno.ts'
import type { Decoder, Element } from './decode.ts'
import type { MapShape } from './field.ts'

/** Elements of a batch, and bytes of their values. */
const BATCH = 1024
const BATCH_BYTES = 1 << 20

/** How full a bucket of a hash may be before a batch is made larger: so many times. */
const MOST_GROWTH = 64

export interface Bounds {
  readonly rows: number
  /** Milliseconds. */
  readonly time: number
}

/** Of a map that is open here. */
export interface OpenMap {
  readonly fd: number
  readonly shape: MapShape
  readonly decoder: Decoder
}

/**
 * All elements, or as many as the bounds allow: gives whether that was all. Yields now and then, where it can be laid aside.
 * What is added or taken away meanwhile may be there or be missing.
 */
export function* readMap(
  libbpf: Libbpf,
  map: OpenMap,
  bounds: Bounds,
  take: (element: Element) => void,
): Generator<void, boolean> {
  const until = performance.now() + bounds.time
  let rows = 0
  const count = (element: Element | null): void => {
    if (element === null) return
    rows++
    take(element)
  }
  const batches = elements(libbpf, map, count)
  for (;;) {
    const step = batches.next()
    if (step.done === true) return true
    if (rows >= bounds.rows || performance.now() > until) return false
    yield
  }
}

/** Takes all elements out of a map that no program writes to. */
export function* drainMap(libbpf: Libbpf, map: OpenMap, take: (element: Element) => void): Generator<void, void> {
  const count = (element: Element | null): void => {
    if (element !== null) take(element)
  }
  if (yield* many(libbpf, map, count, true)) return
  const keys: Uint8Array[] = []
  for (const key of one(libbpf, map, count)) keys.push(key)
  for (const key of keys) libbpf.remove(map.fd, key)
}

function* elements(libbpf: Libbpf, map: OpenMap, take: (element: Element | null) => void): Generator<void, void> {
  if (yield* many(libbpf, map, take, false)) return
  for (const _ of one(libbpf, map, take)) yield
}

/** Gives false, and nothing else, where the kernel has no batches for such a map. */
function* many(
  { lookupBatch, drainBatch }: Libbpf,
  { fd, shape, decoder }: OpenMap,
  take: (element: Element | null) => void,
  drain: boolean,
): Generator<void, boolean> {
  const call = drain ? drainBatch : lookupBatch
  if (call === null) return false
  let room = Math.max(1, Math.min(BATCH, Math.floor(BATCH_BYTES / decoder.valueBytes), shape.entries))
  const most = room * MOST_GROWTH
  let keys = new Uint8Array(room * shape.keySize)
  let values = new Uint8Array(room * decoder.valueBytes)
  const places = [new Uint8Array(Math.max(8, shape.keySize)), new Uint8Array(Math.max(8, shape.keySize))]
  let from: Uint8Array | null = null
  for (let i = 0; ; i++) {
    const to = places[i & 1] ?? new Uint8Array(8)
    const count = Uint32Array.of(room)
    const status = call(fd, from, to, keys, values, count)
    const errno = status === 0 ? 0 : koffi.errno()
    if (errno === koffi.os.errno.ENOSPC && room < most) {
      // a bucket holds more than that
      room *= 2
      keys = new Uint8Array(room * shape.keySize)
      values = new Uint8Array(room * decoder.valueBytes)
      i--
      continue
    }
    if (from === null && errno !== 0 && errno !== koffi.os.errno.ENOENT) return false
    if (errno !== 0 && errno !== koffi.os.errno.ENOENT)
      throw new Error(`reading map ${shape.name}: ${errnoName(errno)}`)
    const [keyView, valueView] = [new DataView(keys.buffer), new DataView(values.buffer)]
    for (let k = 0; k < (count[0] ?? 0); k++) {
      take(decoder.element(keyView, k * shape.keySize, valueView, k * decoder.valueBytes))
    }
    if (errno !== 0) return true
    from = to
    yield
  }
}

/** One by one; gives the keys. */
function* one(
  libbpf: Libbpf,
  { fd, shape, decoder }: OpenMap,
  take: (element: Element | null) => void,
): Generator<Uint8Array, void> {
  const value = new Uint8Array(decoder.valueBytes)
  let previous: Uint8Array | null = null
  // where the previous key has gone, the kernel begins again
  for (let i = 0; i < shape.entries; i++) {
    const key = new Uint8Array(shape.keySize)
    if (libbpf.nextKey(fd, previous, key) !== 0) return
    previous = key
    if (libbpf.lookup(fd, key, value) === 0) {
      take(decoder.element(new DataView(key.buffer), 0, new DataView(value.buffer), 0))
    }
    yield key
  }
}
