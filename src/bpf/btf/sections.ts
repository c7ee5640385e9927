/** Sections and symbols of an ELF file with BPF code, of which nothing is believed that its bytes do not hold. */

/** \x7fELF, as a number in the order of a little-endian machine. */
const MAGIC = 0x464c457f
const MACHINE_BPF = 247

/** Of <elf.h>: sizes in 64-bit files, types of sections. */
const HEADER_BYTES = 64
const SECTION_BYTES = 64
const SYMBOL_BYTES = 24
const SHT_SYMTAB = 2
const SHT_NOBITS = 8

/** Sections, and symbols: no compiler writes as many into an object for BPF. */
const MOST_SECTIONS = 4096
const MOST_SYMBOLS = 65_536

const LONGEST_NAME = 512

/** A part of the file. */
export interface Section {
  readonly name: string
  readonly index: number
  readonly offset: number
  /** 0 where it takes no room in the file. */
  readonly size: number
}

/** Where a variable lies: in a section, by its number. */
export interface ElfSymbol {
  readonly section: number
  readonly offset: number
  readonly size: number
}

/** Throws a RangeError where the bytes are not a whole ELF file with BPF code. */
export class ElfFile {
  readonly sections: readonly Section[]
  readonly #file: Buffer
  readonly #symbols: ReadonlyMap<string, ElfSymbol>

  constructor(file: Buffer) {
    this.#file = file
    if (file.length < HEADER_BYTES || file.readUInt32LE(0) !== MAGIC) throw new RangeError('no ELF file')
    // of 64 bits, in the order of little-endian machines
    if (file[4] !== 2 || file[5] !== 1 || file.readUInt16LE(18) !== MACHINE_BPF) throw new RangeError('no BPF object')
    const table = this.#number(40)
    const [entry, count, names] = [file.readUInt16LE(58), file.readUInt16LE(60), file.readUInt16LE(62)]
    if (entry !== SECTION_BYTES || count > MOST_SECTIONS) throw new RangeError('damaged: its table of sections is odd')
    this.#within(table, entry * count)
    const raw = Array.from({ length: count }, (_, index) => this.#section(table + index * entry, index))
    const text = raw[names]
    this.sections = raw.map(section => ({ ...section, name: this.#text(text, section.nameAt) }))
    const symbols = raw.find(({ type }) => type === SHT_SYMTAB)
    this.#symbols = symbols === undefined ? new Map() : this.#readSymbols(symbols, raw[symbols.link])
  }

  /** The bytes of a section, which are those of the file; undefined: there is none of that name. */
  section(name: string): Buffer | undefined {
    const found = this.sections.find(section => section.name === name)
    return found === undefined ? undefined : this.bytesOf(found)
  }

  bytesOf({ offset, size }: Section): Buffer {
    return this.#file.subarray(offset, offset + size)
  }

  /** The bytes of a variable; undefined: there is none of that name, or none of its bytes in the file. */
  variable(name: string): Buffer | undefined {
    const symbol = this.#symbols.get(name)
    const section = symbol === undefined ? undefined : this.sections[symbol.section]
    if (symbol === undefined || section === undefined || symbol.offset + symbol.size > section.size) return undefined
    return this.bytesOf(section).subarray(symbol.offset, symbol.offset + symbol.size)
  }

  #section(at: number, index: number) {
    const type = this.#file.readUInt32LE(at + 4)
    const [offset, size] = [this.#number(at + 24), type === SHT_NOBITS ? 0 : this.#number(at + 32)]
    this.#within(offset, size)
    return { index, type, offset, size, nameAt: this.#file.readUInt32LE(at), link: this.#file.readUInt32LE(at + 40) }
  }

  #readSymbols(
    { offset, size }: Omit<Section, 'name'>,
    names: Omit<Section, 'name'> | undefined,
  ): Map<string, ElfSymbol> {
    const symbols = new Map<string, ElfSymbol>()
    const count = Math.min(Math.floor(size / SYMBOL_BYTES), MOST_SYMBOLS)
    for (let i = 0; i < count; i++) {
      const at = offset + i * SYMBOL_BYTES
      const name = this.#text(names, this.#file.readUInt32LE(at))
      if (name === '' || symbols.has(name)) continue
      const [section, from, length] = [this.#file.readUInt16LE(at + 6), this.#number(at + 8), this.#number(at + 16)]
      symbols.set(name, { section, offset: from, size: length })
    }
    return symbols
  }

  #text(names: Pick<Section, 'offset' | 'size'> | undefined, from: number): string {
    if (names === undefined || from >= names.size) return ''
    const bytes = this.#file.subarray(names.offset + from, names.offset + Math.min(names.size, from + LONGEST_NAME))
    const end = bytes.indexOf(0)
    return bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
  }

  /** Of 64 bits; what no file is as large as is none. */
  #number(at: number): number {
    return Number(this.#file.readBigUInt64LE(at))
  }

  #within(from: number, length: number): void {
    if (from + length > this.#file.length) throw new RangeError('damaged: it is cut off')
  }
}
