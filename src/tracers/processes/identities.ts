import type { KeyedMap } from '../../bpf/maps/hash.ts'
import type { ArrayMap, BpfObject } from '../../bpf/object.ts'
import { type Group, groupOf } from '../../facts/cgroup.ts'
import { commandText } from '../../facts/command.ts'

const WORD = Uint32Array.BYTES_PER_ELEMENT

/** Groups and command lines that are remembered. */
const MOST = 4096

/** Command lines of processes as the kernel side took them, `struct commands` of bpf/identity.bpf.h. */
export class Commands {
  readonly #memory: ArrayMap
  readonly #bytes: Buffer
  readonly #used: number
  readonly #text: number
  readonly #half: number
  /** Of each process the last one, so that the same text is not made again and again. */
  readonly #known = new Map<number, { readonly bytes: Buffer; readonly whole: number; readonly text: string }>()

  constructor(object: BpfObject) {
    this.#memory = object.array('commands', 'commands')
    const { buffer, byteOffset, byteLength } = this.#memory.view
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength)
    this.#used = this.#memory.layout.array('used', WORD, 2)
    this.#half = (byteLength - 2 * WORD) / 2
    this.#text = this.#memory.layout.array('text', 1, 2 * this.#half)
  }

  /** Makes the half of an interval to come empty. */
  prepare(epoch: number): void {
    this.#memory.view.setUint32(this.#used + WORD * (epoch & 1), 0, true)
  }

  /** What part of the room of an interval is taken. */
  fill(epoch: number): number {
    return this.#memory.view.getUint32(this.#used + WORD * (epoch & 1), true) / this.#half
  }

  /** That of a process in an interval; null: it has none, or it is not known. `whole`: bytes that there are of it. */
  read(epoch: number, pid: number, at: number, size: number, whole: number): string | null {
    if (size === 0) return null
    const from = this.#text + (epoch & 1) * this.#half + at
    const known = this.#known.get(pid)
    if (known?.whole === whole && known.bytes.compare(this.#bytes, from, from + size) === 0) return known.text
    const bytes = Buffer.from(this.#bytes.subarray(from, from + size))
    const text = commandText(bytes, whole)
    if (this.#known.size >= MOST) this.#known.clear()
    this.#known.set(pid, { bytes, whole, text })
    return text
  }
}

/** Control groups of processes as the kernel side took them, `struct group` of bpf/identity.bpf.h. */
export class Groups {
  readonly #map: KeyedMap
  readonly #size: number
  readonly #paths: number
  readonly #known = new Map<number, Group>()
  readonly #key = new BigUint64Array(1)

  constructor(object: BpfObject) {
    this.#map = object.keyed('groups')
    const layout = object.layout('group')
    this.#size = layout.u32('size')
    this.#paths = layout.array('paths', 1, layout.size - WORD)
  }

  /** null: not known, or not any more. */
  get(number: number): Group | null {
    if (number === 0) return null
    const known = this.#known.get(number)
    if (known !== undefined) return known
    this.#key[0] = BigInt(number)
    const found = this.#map.get(new Uint8Array(this.#key.buffer))
    const size = found?.getUint32(this.#size, true) ?? 0
    if (found === null || size === 0) return null
    const group = groupOf(pathsIn(Buffer.from(found.buffer, found.byteOffset + this.#paths, size - 1)))
    if (this.#known.size >= MOST) this.#known.clear()
    this.#known.set(number, group)
    return group
  }
}

/** Paths whose names stand from the inside out, a NUL behind each name, and another one behind each path. */
function pathsIn(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .split('\0\0')
    .map(names => `/${names.split('\0').reverse().join('/')}`)
}
