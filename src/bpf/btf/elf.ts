import { readFileSync } from 'node:fs'
import { BpfError, REINSTALL } from '../error.ts'

/** A BPF object is missing or not whole: no other way of measuring makes up for that. */
export class DamagedObject extends BpfError {
  constructor(path: string, why: string) {
    super(`${path} is ${why}`, REINSTALL)
  }
}

/** \x7fELF, as a number in the order of a little-endian machine. */
const MAGIC = 0x464c457f

/** EM_BPF of <linux/elf-em.h>. */
const MACHINE_BPF = 247

/** Bytes of the header of a 64-bit ELF file. */
const HEADER = 64

/**
 * The bytes of a file, if it is a whole ELF file with BPF code, as far as its header tells: the table of its sections
 * stands at its end. Throws a DamagedObject.
 */
export function readObject(path: string): Buffer {
  let file: Buffer
  try {
    file = readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new DamagedObject(path, 'missing')
    throw error
  }
  if (file.length < HEADER || file.readUInt32LE(0) !== MAGIC || file.readUInt16LE(18) !== MACHINE_BPF) {
    throw new DamagedObject(path, 'not a BPF object')
  }
  const sections = Number(file.readBigUInt64LE(40)) + file.readUInt16LE(58) * file.readUInt16LE(60)
  if (sections > file.length) throw new DamagedObject(path, 'truncated')
  return file
}
