/** The bytes of a section of a 64-bit ELF file. Throws where it has none of that name. */
export function sectionOf(file: Buffer, wanted: string): Buffer {
  const table = Number(file.readBigUInt64LE(40))
  const [size, count, names] = [file.readUInt16LE(58), file.readUInt16LE(60), file.readUInt16LE(62)]
  const section = (index: number) => {
    const at = table + index * size
    const offset = Number(file.readBigUInt64LE(at + 24))
    return { name: file.readUInt32LE(at), bytes: file.subarray(offset, offset + Number(file.readBigUInt64LE(at + 32))) }
  }
  const text = section(names).bytes
  for (let i = 0; i < count; i++) {
    const { name, bytes } = section(i)
    if (text.toString('latin1', name, text.indexOf(0, name)) === wanted) return bytes
  }
  throw new RangeError(`no section ${wanted}`)
}
