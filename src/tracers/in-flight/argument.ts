/** The first argument of a system call as people read it: a file, a socket, or a number. */

import { OF_LINK, readAddress } from '../network/address.ts'
import { endpoint } from '../network/endpoint.ts'

/** Magic numbers of file systems whose files have no path (include/uapi/linux/magic.h). */
const PIPEFS = 0x50495045
const SOCKFS = 0x534f434b
const ANON_INODE_FS = 0x09041934
const PIDFS = 0x50494446
const NSFS = 0x6e736673

/** AT_FDCWD: the directory that the process is in. */
const CURRENT_DIRECTORY = -100

/** Numbers below are counts, process ids and flags; from here on programs are mapped. */
const FIRST_ADDRESS = 0x400000

/** Of errors and special descriptors. */
const LEAST_NEGATIVE = -4096

/** Upper half of a small negative number that has 64 bits. */
const ALL_BITS = 0xffff_ffff

/** A number by its halves: decimal where it is small, hexadecimal where it may be an address. */
export function numberText(low: number, high: number): string {
  const asInt = low | 0
  if ((high === 0 || high === ALL_BITS) && asInt < 0 && asInt >= LEAST_NEGATIVE) return String(asInt)
  if (high === 0) return low < FIRST_ADDRESS ? String(low) : `0x${low.toString(16)}`
  return `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
}

/** A descriptor that is not open. */
export function descriptorText(descriptor: number): string {
  const number = descriptor | 0
  return number === CURRENT_DIRECTORY ? 'AT_FDCWD' : String(number)
}

/** An open file as the kernel side found it. */
export interface OpenFile {
  readonly inode: number
  /** Magic number. */
  readonly fileSystem: number
  /** Its name and those of the directories above it, from the inside out, a NUL behind each. */
  readonly names: Buffer
  /** There are more above. */
  readonly isCut: boolean
  readonly isDeleted: boolean
}

/** As `/proc/PID/fd` writes it; `…` marks what was cut off. */
export function fileText({ inode, fileSystem, names, isCut, isDeleted }: OpenFile): string {
  const path = names
    .toString('utf8', 0, Math.max(0, names.length - 1))
    .split('\0')
    .reverse()
    .join('/')
  if (fileSystem === PIPEFS) return `pipe:[${inode}]`
  if (fileSystem === SOCKFS) return `socket:[${inode}]`
  if (fileSystem === ANON_INODE_FS) return `anon_inode:${path}`
  if (fileSystem === PIDFS) return 'anon_inode:[pidfd]'
  if (fileSystem === NSFS) return `ns:[${inode}]`
  return `${isCut ? '…' : ''}/${path}${isDeleted ? ' (deleted)' : ''}`
}

/** Where the members of `struct row_socket` lie. */
export interface SocketOffsets {
  readonly family: number
  readonly localPort: number
  readonly remotePort: number
  readonly device: number
  readonly local: number
  readonly remote: number
}

/** A socket of TCP or UDP by its addresses; only the local one where it is not connected. */
export function socketText(rows: DataView, at: number, offsets: SocketOffsets): string {
  const device = rows.getUint32(at + offsets.device, true)
  const end = (address: number, port: number): string =>
    endpoint({ address: addressIn(rows, at, offsets, address, device), port: rows.getUint16(at + port, true) })
  const local = `socket:${end(offsets.local, offsets.localPort)}`
  const isConnected = rows.getUint16(at + offsets.remotePort, true) !== 0
  return isConnected ? `${local}→${end(offsets.remote, offsets.remotePort)}` : local
}

/** A link-local address has the number of its network interface, where the socket is bound to it. */
function addressIn(rows: DataView, at: number, { family }: SocketOffsets, member: number, device: number): string {
  const { address } = readAddress(rows, at + member, rows.getUint16(at + family, true))
  return device > 0 && OF_LINK.test(address) ? `${address}%${device}` : address
}
