/**
 * TCP sockets of one network namespace as inet_diag tells them (sock_diag(7)): all that are open, and the last counters
 * of each that is destroyed.
 */

import koffi from 'koffi'
import { readText, readU64 } from '../../../bpf/btf/layout.ts'
import { Netlink } from '../../../bpf/netlink.ts'
import { type Address, bytesOf, readAddress } from '../../network/address.ts'
import { Attribute, at, BITS_AT, Header, Message, OPTIONS_AT, Request } from './diag-structs.ts'

export const NETLINK_SOCK_DIAG = 4
const SOCK_DIAG_BY_FAMILY = 20
const NLM_F_REQUEST = 1
const NLM_F_DUMP = 0x300
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLMSG_ALIGN = 4
/** Without the bit that says that an attribute holds others. */
const NLA_TYPE_MASK = 0x3fff
const INET_DIAG_INFO = 2
const INET_DIAG_SKMEMINFO = 7
const INET_DIAG_SKV6ONLY = 11
const INET_DIAG_ULP_INFO = 19
/** Inside of that (<linux/inet_diag.h>), and inside of what MPTCP says (<linux/mptcp.h>). */
const INET_ULP_INFO_NAME = 1
const INET_ULP_INFO_MPTCP = 3
const MPTCP_SUBFLOW_ATTR_FLAGS = 8
/** MPTCP_SUBFLOW_FLAG_MCAP_REM, _JOIN_REM: the other end agreed to speak MPTCP, at the beginning or for a further subflow. */
const MPTCP_AGREED = 0b0101
/** Index among the 32-bit numbers of that (<linux/sock_diag.h>). */
const SK_MEMINFO_DROPS = 8
const IPPROTO_TCP = 6
const AF_INET = 2
const AF_INET6 = 10

/** SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY, as bits. */
export const DESTROY_GROUPS = (1 << 0) | (1 << 2)

/** Numbers of enum tcp_state. */
const ESTABLISHED = 1
export const SYN_SENT = 2
export const SYN_RECV = 3
const FIN_WAIT1 = 4
const FIN_WAIT2 = 5
const CLOSE_WAIT = 8
const LAST_ACK = 9
export const LISTEN = 10
const CLOSING = 11

/** Sockets in the others have no counters, or none yet. */
const WANTED_STATES = [ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING].reduce(
  (mask, state) => mask | (1 << state),
  0,
)

export interface End extends Address {
  readonly port: number
}

/** What a TCP socket is found by. */
export interface SocketName {
  /** Names it for good, within its namespace; null: not known. */
  readonly cookie: number | null
  readonly local: End
  readonly remote: End
  /** Index of the network interface that it is bound to; 0: none. */
  readonly device: number
}

/** A TCP socket with its counters. */
export interface DiagSocket extends SocketName {
  readonly cookie: number
  /** Number of enum tcp_state. */
  readonly state: number
  /** Of its file; 0: no process has it open. */
  readonly inode: number
  /** A listening socket that takes no IPv4. */
  readonly onlyV6: boolean
  /** A subflow of a connection by MPTCP, or a socket that listens for them. */
  readonly mptcp: boolean
  /** Bytes that wait to be read; of a listening socket: connections that wait, and how many may. */
  readonly receiveQueue: number
  readonly sendQueue: number
  /** Payload bytes handed to the network at least once. */
  readonly sentBytes: number
  /** Payload bytes received, and the peer's FIN as one more. */
  readonly receivedBytes: number
  readonly rttNs: number
  readonly minRttNs: number | null
  readonly retransmits: number
  /** Payload bytes sent again; null: not told, before 4.19. */
  readonly retransmittedBytes: number | null
  readonly segments: number
  /** Its SYN carried bytes (Fast Open), and may have waited for them. */
  readonly isFastOpen: boolean
  /** Connections and requests that a listening socket dropped since it exists. */
  readonly drops: number
}

/** Throws where the kernel has no inet_diag. No socket is asked for, whose lock somebody may hold. */
export function tryDiag(): void {
  const netlink = new Netlink(NETLINK_SOCK_DIAG)
  try {
    netlink.send(request(AF_INET, NLM_F_DUMP, ANY, 0))
    const datagram = netlink.receive()
    if (datagram !== null) readMessages(datagram, () => {})
  } finally {
    netlink.close()
  }
}

/**
 * Requests whose answers tell all sockets of connections, and those that listen. The kernel goes on from datagram to datagram
 * by counting the sockets of a bucket: where others came or went meanwhile it tells some twice, and passes others over.
 */
export const DUMPS: readonly (() => Uint8Array)[] = [AF_INET, AF_INET6].map(
  family => () => request(family, NLM_F_DUMP, ANY),
)

/** A request for one socket, as it is now. */
export function requestFor({ cookie, local, remote, device }: SocketName): Uint8Array {
  return request(remote.family === 'ipv4' ? AF_INET : AF_INET6, 0, {
    ...ANY,
    idiag_sport: portBytes(local.port),
    idiag_dport: portBytes(remote.port),
    idiag_src: addressBytes(local),
    idiag_dst: addressBytes(remote),
    idiag_if: device,
    idiag_cookie: cookie === null ? ANY.idiag_cookie : [cookie >>> 0, Math.floor(cookie / 2 ** 32)],
  })
}

/** The sockets that a datagram of an answer tells of; none where it is an error, as there is no such socket. Throws where it is cut off. */
export function socketsIn(datagram: DataView): DiagSocket[] {
  const sockets: DiagSocket[] = []
  if (!isError(datagram)) readMessages(datagram, socket => sockets.push(socket))
  return sockets
}

/** No socket in particular. */
const ANY = {
  idiag_sport: [0, 0],
  idiag_dport: [0, 0],
  idiag_src: new Array<number>(16).fill(0),
  idiag_dst: new Array<number>(16).fill(0),
  idiag_if: 0,
  idiag_cookie: [0xffffffff, 0xffffffff],
}

function portBytes(port: number): number[] {
  return [port >> 8, port & 0xff]
}

function addressBytes(end: End): number[] {
  return [...bytesOf(end), ...ANY.idiag_src].slice(0, ANY.idiag_src.length)
}

function request(family: number, flags: number, id: typeof ANY, states = WANTED_STATES): Uint8Array {
  const header = koffi.sizeof(Header)
  const bytes = new Uint8Array(header + koffi.sizeof(Request))
  koffi.encode(bytes, 0, Header, {
    nlmsg_len: bytes.length,
    nlmsg_type: SOCK_DIAG_BY_FAMILY,
    nlmsg_flags: NLM_F_REQUEST | flags,
    nlmsg_seq: 1,
    nlmsg_pid: 0,
  })
  koffi.encode(bytes, header, Request, {
    sdiag_family: family,
    sdiag_protocol: IPPROTO_TCP,
    idiag_ext: (1 << (INET_DIAG_INFO - 1)) | (1 << (INET_DIAG_SKMEMINFO - 1)),
    pad: 0,
    idiag_states: states,
    id,
  })
  return bytes
}

function isError(datagram: DataView): boolean {
  return datagram.byteLength >= koffi.sizeof(Header) && datagram.getUint16(at.type, true) === NLMSG_ERROR
}

/** Reads the messages of a datagram; tells whether they end a dump. */
export function readMessages(datagram: DataView, take: (socket: DiagSocket) => void): boolean {
  for (let start = 0; start + koffi.sizeof(Header) <= datagram.byteLength; ) {
    const length = datagram.getUint32(start, true)
    const type = datagram.getUint16(start + at.type, true)
    if (type === NLMSG_DONE) return true
    if (type === NLMSG_ERROR) throw new Error(`inet_diag: error ${errorIn(datagram, start)}`)
    if (length < koffi.sizeof(Header) || start + length > datagram.byteLength) {
      throw new Error('inet_diag: a message is cut off')
    }
    const from = datagram.byteOffset + start + koffi.sizeof(Header)
    const message = new DataView(datagram.buffer, from, length - koffi.sizeof(Header))
    if (message.byteLength < koffi.sizeof(Message)) throw new Error('inet_diag: a message is cut off')
    const info = findAttribute(message, INET_DIAG_INFO)
    // what is in TIME_WAIT is dumped as FIN_WAIT2, but has no counters any more
    if (info.byteLength > 0) take(readSocket(message, info))
    start += align(length)
  }
  return false
}

/** The number in a message of an error; 0: it is cut off. */
function errorIn(datagram: DataView, start: number): number {
  const at = start + koffi.sizeof(Header)
  return at + 4 <= datagram.byteLength ? datagram.getInt32(at, true) : 0
}

function readSocket(message: DataView, info: DataView): DiagSocket {
  const family = message.getUint8(0)
  const memory = findAttribute(message, INET_DIAG_SKMEMINFO)
  const onlyV6 = findAttribute(message, INET_DIAG_SKV6ONLY)
  const u32 = (offset: number): number => (offset + 4 <= info.byteLength ? info.getUint32(offset, true) : 0)
  const u64 = (offset: number): number => (offset + 8 <= info.byteLength ? readU64(info, offset) : 0)
  const minRtt = u32(at.minRtt)
  return {
    cookie: readU64(message, at.id + at.cookie),
    state: message.getUint8(at.state),
    local: { ...readAddress(message, at.id + at.local, family), port: message.getUint16(at.id) },
    remote: { ...readAddress(message, at.id + at.remote, family), port: message.getUint16(at.id + at.remotePort) },
    inode: message.getUint32(at.inode, true),
    mptcp: isMptcp(message),
    device: message.getUint32(at.id + at.device, true),
    onlyV6: onlyV6.byteLength > 0 && onlyV6.getUint8(0) !== 0,
    receiveQueue: message.getUint32(at.receiveQueue, true),
    sendQueue: message.getUint32(at.sendQueue, true),
    // before 4.19 only what was acknowledged is known, the SYN as one byte
    sentBytes:
      info.byteLength >= at.retransmitted + 8 ? u64(at.sent) - u64(at.retransmitted) : Math.max(0, u64(at.acked) - 1),
    receivedBytes: u64(at.received),
    rttNs: u32(at.rtt) * 1000,
    minRttNs: minRtt === 0 || minRtt === 0xffffffff ? null : minRtt * 1000,
    retransmits: u32(at.retransmits),
    retransmittedBytes: info.byteLength >= at.retransmitted + 8 ? u64(at.retransmitted) : null,
    segments: u32(at.segments),
    isFastOpen: isFastOpen(info),
    drops: memory.byteLength > 4 * SK_MEMINFO_DROPS ? memory.getUint32(4 * SK_MEMINFO_DROPS, true) : 0,
  }
}

/** TCPI_OPT_SYN_DATA of <linux/tcp.h>: the SYN carried bytes that were acknowledged. */
const OPTION_SYN_DATA = 32
/** `tcpi_fastopen_client_fail`, above one bit: from here on bytes were sent with the SYN, in vain. */
const FASTOPEN_DATA_NOT_ACKED = 2

function isFastOpen(info: DataView): boolean {
  if (info.byteLength <= BITS_AT) return false
  const [options, bits] = [info.getUint8(OPTIONS_AT), info.getUint8(BITS_AT)]
  return (options & OPTION_SYN_DATA) !== 0 || ((bits >> 1) & 3) >= FASTOPEN_DATA_NOT_ACKED
}

/** Whether it is of MPTCP; a subflow that fell back is plain TCP. Told to who has CAP_NET_ADMIN. */
function isMptcp(message: DataView): boolean {
  const protocol = findAttribute(message, INET_DIAG_ULP_INFO)
  if (message.getUint8(at.state) === LISTEN) {
    const name = findAttribute(protocol, INET_ULP_INFO_NAME, 0)
    return readText(name, 0, name.byteLength) === 'mptcp'
  }
  const flags = findAttribute(findAttribute(protocol, INET_ULP_INFO_MPTCP, 0), MPTCP_SUBFLOW_ATTR_FLAGS, 0)
  return flags.byteLength >= 4 && (flags.getUint32(0, true) & MPTCP_AGREED) !== 0
}

/** The content of an attribute, of those that begin at some place; empty where there is none. */
function findAttribute(message: DataView, type: number, from = koffi.sizeof(Message)): DataView {
  for (let start = from; start + koffi.sizeof(Attribute) <= message.byteLength; ) {
    const length = message.getUint16(start, true)
    if (length < koffi.sizeof(Attribute) || start + length > message.byteLength) break
    if ((message.getUint16(start + at.attributeType, true) & NLA_TYPE_MASK) === type) {
      const content = message.byteOffset + start + koffi.sizeof(Attribute)
      return new DataView(message.buffer, content, length - koffi.sizeof(Attribute))
    }
    start += align(length)
  }
  return new DataView(new ArrayBuffer(0))
}

function align(length: number): number {
  return Math.ceil(length / NLMSG_ALIGN) * NLMSG_ALIGN
}
