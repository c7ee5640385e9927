/** Netlink sockets of libc, for what Node has none. */

import { closeSync } from 'node:fs'
import koffi from 'koffi'
import { errnoName } from '../syscall/errno.ts'

const libc = koffi.load('libc.so.6')

/** `struct sockaddr_nl` of <linux/netlink.h>. */
const NetlinkAddress = koffi.struct('sockaddr_nl', {
  nl_family: 'uint16_t',
  nl_pad: 'uint16_t',
  nl_pid: 'uint32_t',
  nl_groups: 'uint32_t',
})

const socket = libc.func('int socket(int domain, int type, int protocol)')
const bind = libc.func('int bind(int fd, sockaddr_nl *address, uint32_t length)')
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)')
const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, uint32_t *length)')
const send = libc.func('long send(int fd, const void *message, size_t length, int flags)')
const recv = libc.func('long recv(int fd, void *buffer, size_t length, int flags)')

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOCK_NONBLOCK = 0o4000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVBUFFORCE = 33
/** Since 4.12: of a socket's memory, so many 32-bit numbers, one of which counts what was dropped (<linux/sock_diag.h>). */
const SO_MEMINFO = 55
const SK_MEMINFO_VARS = 9
const SK_MEMINFO_DROPS = 8

/** A netlink socket in the network namespace in which it was opened. */
export class Netlink {
  readonly #fd: number
  readonly #buffer = new Uint8Array(1 << 16)
  #drops = 0

  /** `groups`: bits of the multicast groups to hear. Throws where the kernel refuses. */
  constructor(protocol: number, groups = 0, receiveBuffer = 0) {
    this.#fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)
    if (this.#fd < 0) throw new Error(`netlink socket: ${errnoName(koffi.errno())}`)
    if (receiveBuffer > 0) this.#enlarge(receiveBuffer)
    const address = { nl_family: AF_NETLINK, nl_pad: 0, nl_pid: 0, nl_groups: groups }
    if (bind(this.#fd, address, koffi.sizeof(NetlinkAddress)) !== 0) {
      const errno = errnoName(koffi.errno())
      closeSync(this.#fd)
      throw new Error(`netlink groups: ${errno}`)
    }
  }

  send(message: Uint8Array): void {
    if (Number(send(this.#fd, message, message.length, 0)) < 0) throw new Error(`netlink: ${errnoName(koffi.errno())}`)
  }

  /** The next datagram, valid until the next call; null: there is none now. */
  receive(): DataView | null {
    for (;;) {
      const length = Number(recv(this.#fd, this.#buffer, this.#buffer.length, 0))
      if (length >= 0) return new DataView(this.#buffer.buffer, 0, length)
      const errno = errnoName(koffi.errno())
      if (errno === 'EAGAIN') return null
      // what did not fit is counted by the kernel
      if (errno !== 'ENOBUFS' && errno !== 'EINTR') throw new Error(`netlink: ${errno}`)
    }
  }

  /** Messages that found the buffer full since the last call, whatever network namespace it is in. */
  takeDrops(): number {
    const memory = new Uint32Array(SK_MEMINFO_VARS)
    const length = Uint32Array.of(memory.byteLength)
    if (getsockopt(this.#fd, SOL_SOCKET, SO_MEMINFO, memory, length) !== 0) {
      throw new Error(`netlink memory: ${errnoName(koffi.errno())}`)
    }
    const drops = ((memory[SK_MEMINFO_DROPS] ?? 0) - this.#drops) >>> 0
    this.#drops = (this.#drops + drops) >>> 0
    return drops
  }

  close(): void {
    closeSync(this.#fd)
  }

  #enlarge(bytes: number): void {
    const value = Int32Array.of(bytes)
    for (const option of [SO_RCVBUFFORCE, SO_RCVBUF]) {
      if (setsockopt(this.#fd, SOL_SOCKET, option, value, value.byteLength) === 0) return
    }
  }
}
