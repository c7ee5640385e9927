/** Open files that one process hands to another, over a Unix socket (SCM_RIGHTS of unix(7)). */

import { closeSync } from 'node:fs'
import koffi from 'koffi'
import { errnoName } from '../syscall/errno.ts'

const libc = koffi.load('libc.so.6')

const Part = koffi.struct('iovec', { iov_base: 'void *', iov_len: 'size_t' })

koffi.struct('msghdr', {
  msg_name: 'void *',
  msg_namelen: 'uint32_t',
  msg_iov: koffi.pointer(Part),
  msg_iovlen: 'size_t',
  msg_control: 'void *',
  msg_controllen: 'size_t',
  msg_flags: 'int',
})

const socketpair = libc.func('int socketpair(int domain, int type, int protocol, _Out_ int *sockets)')
const sendmsg = libc.func('long sendmsg(int socket, msghdr *message, int flags)')
const recvmsg = libc.func('long recvmsg(int socket, _Inout_ msghdr *message, int flags)')

const AF_UNIX = 1
const SOCK_SEQPACKET = 5
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x40000000

/** Bytes of `struct cmsghdr`. */
const HEAD = 16

/** Files of one message; the kernel takes 253. */
const AT_ONCE = 128

/** Two sockets that are connected with each other; messages keep their bounds. */
export function connectedSockets(): [number, number] {
  const sockets = new Int32Array(2)
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) !== 0) throw failed('socketpair')
  return [sockets[0] ?? -1, sockets[1] ?? -1]
}

/** Sends open files. Throws where the kernel refuses. */
export function sendFiles(socket: number, files: readonly number[]): void {
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const some = Int32Array.from(files.slice(from, from + AT_ONCE))
    const control = Buffer.alloc(HEAD + Math.ceil(some.byteLength / 8) * 8)
    control.writeBigUInt64LE(BigInt(HEAD + some.byteLength), 0)
    control.writeInt32LE(SOL_SOCKET, 8)
    control.writeInt32LE(SCM_RIGHTS, 12)
    Buffer.from(some.buffer).copy(control, HEAD)
    if (Number(sendmsg(socket, message(control), MSG_NOSIGNAL)) < 0) throw failed('sendmsg')
  }
}

/** Takes so many files that were sent. Throws where there are fewer, or more: all that came are closed then. */
export function receiveFiles(socket: number, count: number): number[] {
  const files: number[] = []
  try {
    while (files.length < count) {
      const control = Buffer.alloc(HEAD + 4 * AT_ONCE)
      if (Number(recvmsg(socket, message(control), MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) <= 0) throw failed('recvmsg')
      const length = Number(control.readBigUInt64LE(0))
      if (control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS) break
      for (let at = HEAD; at + 4 <= Math.min(length, control.length); at += 4) files.push(control.readInt32LE(at))
    }
    if (files.length !== count) throw new Error(`${files.length} open files instead of ${count}`)
    return files
  } catch (error) {
    for (const file of files) closeSync(file)
    throw error
  }
}

function message(control: Buffer): object {
  return {
    msg_name: null,
    msg_namelen: 0,
    // a message without a byte is none
    msg_iov: { iov_base: Buffer.alloc(1), iov_len: 1 },
    msg_iovlen: 1,
    msg_control: control,
    msg_controllen: control.length,
    msg_flags: 0,
  }
}

function failed(what: string): Error {
  return new Error(`${what}: ${errnoName(koffi.errno())}`)
}
