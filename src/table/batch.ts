import type { LentBytes } from '../bpf/maps/lent.ts'

/**
 * Records of one kind, packed one behind the other, with an accessor for each field. A batch belongs to whoever holds it:
 * what it lies in is used again once nobody does, and asking it after that is an error.
 */
export interface Batch<Fields> {
  readonly length: number
  /** One field of one record. Throws a RangeError where there is no such record, or the batch was released. */
  get<Name extends keyof Fields>(index: number, name: Name): Fields[Name]
  /** All fields of one record, in an object of its own. */
  at(index: number): Fields
  /** Holds it once more: it takes one more `release`. Whoever is given a batch holds it. */
  hold(): this
  release(): void
}

/** How each field is read of bytes; `row`: where its record begins. */
export type Readers<Fields, Offsets> = {
  readonly [Name in keyof Fields]: (bytes: DataView, row: number, offsets: Offsets) => Fields[Name]
}

/** No byte of it can be read. */
const RELEASED = new DataView(new ArrayBuffer(0))

/** Records in bytes that are lent. */
export class PackedBatch<Fields extends object, Offsets extends { readonly size: number }> implements Batch<Fields> {
  readonly length: number
  readonly #readers: Readers<Fields, Offsets>
  readonly #offsets: Offsets
  readonly #lent: LentBytes
  #bytes: DataView
  #holders = 1

  /** Holds `lent`, once. `offsets.size`: bytes of one record. */
  constructor(lent: LentBytes, readers: Readers<Fields, Offsets>, offsets: Offsets) {
    this.#lent = lent
    this.#bytes = lent.bytes
    this.#readers = readers
    this.#offsets = offsets
    this.length = lent.bytes.byteLength / offsets.size
  }

  get<Name extends keyof Fields>(index: number, name: Name): Fields[Name] {
    return this.#readers[name](this.#bytes, index * this.#offsets.size, this.#offsets)
  }

  at(index: number): Fields {
    return fieldsOf(this, index, this.#readers)
  }

  hold(): this {
    this.#holders++
    return this
  }

  release(): void {
    if (--this.#holders !== 0) return
    this.#bytes = RELEASED
    this.#lent.release()
  }
}

/** Records that are objects already, which nobody needs to release. */
export class ListBatch<Fields> implements Batch<Fields> {
  readonly #records: readonly Fields[]

  constructor(records: readonly Fields[] = []) {
    this.#records = records
  }

  get length(): number {
    return this.#records.length
  }

  get<Name extends keyof Fields>(index: number, name: Name): Fields[Name] {
    return this.at(index)[name]
  }

  at(index: number): Fields {
    const record = this.#records[index]
    if (record === undefined) throw new RangeError(`no record ${index}`)
    return record
  }

  hold(): this {
    return this
  }

  release(): void {}
}

/** Several batches as one. */
export class JoinedBatch<Fields> implements Batch<Fields> {
  readonly length: number
  readonly #parts: readonly Batch<Fields>[]
  /** Index of the first record of each part. */
  readonly #starts: readonly number[]

  /** Holds its parts, each once. */
  constructor(parts: readonly Batch<Fields>[]) {
    const starts: number[] = []
    let length = 0
    for (const part of parts) {
      starts.push(length)
      length += part.length
    }
    this.length = length
    this.#parts = parts
    this.#starts = starts
  }

  get<Name extends keyof Fields>(index: number, name: Name): Fields[Name] {
    const part = this.#partOf(index)
    return this.#in(part).get(index - (this.#starts[part] ?? 0), name)
  }

  at(index: number): Fields {
    const part = this.#partOf(index)
    return this.#in(part).at(index - (this.#starts[part] ?? 0))
  }

  hold(): this {
    for (const part of this.#parts) part.hold()
    return this
  }

  release(): void {
    for (const part of this.#parts) part.release()
  }

  #partOf(index: number): number {
    let part = this.#parts.length - 1
    while (part > 0 && index < (this.#starts[part] ?? 0)) part--
    return part
  }

  #in(part: number): Batch<Fields> {
    const batch = this.#parts[part]
    if (batch === undefined) throw new RangeError('no record')
    return batch
  }
}

function fieldsOf<Fields extends object>(
  batch: Batch<Fields>,
  index: number,
  readers: { readonly [Name in keyof Fields]: unknown },
): Fields {
  const fields: Partial<Fields> = {}
  for (const name in readers) fields[name] = batch.get(index, name)
  // every field has a reader
  return fields as Fields
}
