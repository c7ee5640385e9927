import type { StructLayout } from '../../../bpf/btf/layout.ts'

export const NAME_LENGTH = 16
export const ADDRESS_LENGTH = 16

export type SocketOffsets = ReturnType<typeof socketOffsets>

/** Where the members of a row lie, and `NO_RTT`, which stands for no round-trip time. */
export function socketOffsets(layout: StructLayout, noRtt: number) {
  return {
    noRtt,
    size: layout.size,
    id: layout.u64('id'),
    listener: layout.u64('listener'),
    started: layout.u64('started_ns'),
    ended: layout.u64('ended_ns'),
    connect: layout.u64('connect_ns'),
    sent: layout.u64('sent'),
    received: layout.u64('received'),
    totalSent: layout.u64('total_sent'),
    totalReceived: layout.u64('total_received'),
    rtt: layout.u32('rtt_us'),
    retransmits: layout.u32('retransmits'),
    retransmitted: layout.u64('retransmitted'),
    owner: layout.u32('owner'),
    ownerStarted: layout.u64('owner_started_ns'),
    family: layout.u16('family'),
    localPort: layout.u16('local_port'),
    remotePort: layout.u16('remote_port'),
    state: layout.u8('state'),
    direction: layout.u8('direction'),
    older: layout.u8('older'),
    error: layout.u16('error'),
    established: layout.u8('established'),
    opened: layout.u8('opened'),
    acceptedNow: layout.u8('accepted'),
    handshake: layout.u32('handshake_us'),
    acceptable: layout.u64('established_ns'),
    accepted: layout.u64('accepted_ns'),
    rttMin: layout.u32('rtt_min_us'),
    segments: layout.u32('segments'),
    closer: layout.u8('closer'),
    reset: layout.u8('reset'),
    held: layout.u8('held'),
    receiveQueue: layout.u32('receive_queue'),
    sendQueue: layout.u32('send_queue'),
    zeroWindow: layout.u8('zero_window'),
    busy: layout.u8('busy'),
    timeWait: layout.u8('time_wait'),
    mptcp: layout.u8('mptcp'),
    drops: layout.u32('drops'),
    totalDrops: layout.u32('total_drops'),
    namespace: layout.u32('namespace'),
    device: layout.u32('device'),
    local: layout.array('local', 1, ADDRESS_LENGTH),
    remote: layout.array('remote', 1, ADDRESS_LENGTH),
    name: layout.array('name', 1, NAME_LENGTH),
  }
}
