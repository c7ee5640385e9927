import type { Btf, Member } from './btf.ts'

/**
 * Where the members of a C struct lie. A tracer asks once for each member it reads, by the type it reads it as; a
 * member that is missing or of another size is an error at start, never a wrong number later.
 */
export class StructLayout {
  /** Bytes from one array element to the next. */
  readonly size: number
  readonly #name: string
  readonly #members: ReadonlyMap<string, Member>

  constructor(btf: Btf, name: string) {
    const { size, members } = btf.struct(name)
    this.size = size
    this.#name = name
    this.#members = members
  }

  u8(member: string): number {
    return this.#scalar(member, 1)
  }

  u16(member: string): number {
    return this.#scalar(member, 2)
  }

  u32(member: string): number {
    return this.#scalar(member, 4)
  }

  u64(member: string): number {
    return this.#scalar(member, 8)
  }

  /** Offset of the first of `count` values of `size` bytes each. */
  array(member: string, size: number, count: number): number {
    const found = this.#member(member)
    if (found.size !== size || found.count !== count) throw this.#mismatch(member, found)
    return found.offset
  }

  /** How many values of `size` bytes each stand there, one behind the other. */
  count(member: string, size: number): number {
    const found = this.#member(member)
    if (found.size !== size) throw this.#mismatch(member, found)
    return found.count
  }

  #scalar(member: string, size: number): number {
    return this.array(member, size, 1)
  }

  #member(member: string): Member {
    const found = this.#members.get(member)
    if (found === undefined) throw new RangeError(`struct ${this.#name} has no member ${member}`)
    return found
  }

  #mismatch(member: string, found: Member): RangeError {
    return new RangeError(`struct ${this.#name}: ${member} is ${found.count} x ${found.size} bytes`)
  }
}

const TWO_POW_32 = 2 ** 32

/** An unsigned 64-bit number as a double: exact below 2^53, which is 104 days in nanoseconds and 8 PiB in bytes. */
export function readU64(view: DataView, offset: number): number {
  return joinU64(view.getUint32(offset, true), view.getUint32(offset + 4, true))
}

/** The same from its two halves. */
export function joinU64(low: number, high: number): number {
  return low + high * TWO_POW_32
}

/** Text up to the first NUL; bytes that are not UTF-8 become U+FFFD. */
export function readText(view: DataView, offset: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length)
  const end = bytes.indexOf(0)
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? length : end).toString('utf8')
}
