import koffi from 'koffi'

export const Header = koffi.struct('nlmsghdr', {
  nlmsg_len: 'uint32_t',
  nlmsg_type: 'uint16_t',
  nlmsg_flags: 'uint16_t',
  nlmsg_seq: 'uint32_t',
  nlmsg_pid: 'uint32_t',
})
export const Attribute = koffi.struct('nlattr', { nla_len: 'uint16_t', nla_type: 'uint16_t' })
/** Ports and addresses in network order. */
const SocketId = koffi.struct('inet_diag_sockid', {
  idiag_sport: koffi.array('uint8_t', 2),
  idiag_dport: koffi.array('uint8_t', 2),
  idiag_src: koffi.array('uint8_t', 16),
  idiag_dst: koffi.array('uint8_t', 16),
  idiag_if: 'uint32_t',
  idiag_cookie: koffi.array('uint32_t', 2),
})
export const Request = koffi.struct('inet_diag_req_v2', {
  sdiag_family: 'uint8_t',
  sdiag_protocol: 'uint8_t',
  idiag_ext: 'uint8_t',
  pad: 'uint8_t',
  idiag_states: 'uint32_t',
  id: SocketId,
})
export const Message = koffi.struct('inet_diag_msg', {
  idiag_family: 'uint8_t',
  idiag_state: 'uint8_t',
  idiag_timer: 'uint8_t',
  idiag_retrans: 'uint8_t',
  id: SocketId,
  idiag_expires: 'uint32_t',
  idiag_rqueue: 'uint32_t',
  idiag_wqueue: 'uint32_t',
  idiag_uid: 'uint32_t',
  idiag_inode: 'uint32_t',
})
/** `struct tcp_info` of <linux/tcp.h> as far as it is used; older kernels send less of it. */
const Info = koffi.struct('tcp_info', {
  head: koffi.array('uint8_t', 8),
  before_rtt: koffi.array('uint32_t', 15),
  tcpi_rtt: 'uint32_t',
  before_total_retrans: koffi.array('uint32_t', 7),
  tcpi_total_retrans: 'uint32_t',
  tcpi_pacing_rate: 'uint64_t',
  tcpi_max_pacing_rate: 'uint64_t',
  tcpi_bytes_acked: 'uint64_t',
  tcpi_bytes_received: 'uint64_t',
  tcpi_segs_out: 'uint32_t',
  tcpi_segs_in: 'uint32_t',
  tcpi_notsent_bytes: 'uint32_t',
  tcpi_min_rtt: 'uint32_t',
  tcpi_data_segs_in: 'uint32_t',
  tcpi_data_segs_out: 'uint32_t',
  tcpi_delivery_rate: 'uint64_t',
  tcpi_busy_time: 'uint64_t',
  tcpi_rwnd_limited: 'uint64_t',
  tcpi_sndbuf_limited: 'uint64_t',
  tcpi_delivered: 'uint32_t',
  tcpi_delivered_ce: 'uint32_t',
  tcpi_bytes_sent: 'uint64_t',
  tcpi_bytes_retrans: 'uint64_t',
})

/** Offsets in the head of `tcp_info`. */
export const OPTIONS_AT = 5
export const BITS_AT = 7

export const at = {
  type: koffi.offsetof(Header, 'nlmsg_type'),
  attributeType: koffi.offsetof(Attribute, 'nla_type'),
  id: koffi.offsetof(Message, 'id'),
  state: koffi.offsetof(Message, 'idiag_state'),
  receiveQueue: koffi.offsetof(Message, 'idiag_rqueue'),
  sendQueue: koffi.offsetof(Message, 'idiag_wqueue'),
  inode: koffi.offsetof(Message, 'idiag_inode'),
  remotePort: koffi.offsetof(SocketId, 'idiag_dport'),
  local: koffi.offsetof(SocketId, 'idiag_src'),
  remote: koffi.offsetof(SocketId, 'idiag_dst'),
  device: koffi.offsetof(SocketId, 'idiag_if'),
  cookie: koffi.offsetof(SocketId, 'idiag_cookie'),
  rtt: koffi.offsetof(Info, 'tcpi_rtt'),
  retransmits: koffi.offsetof(Info, 'tcpi_total_retrans'),
  acked: koffi.offsetof(Info, 'tcpi_bytes_acked'),
  received: koffi.offsetof(Info, 'tcpi_bytes_received'),
  minRtt: koffi.offsetof(Info, 'tcpi_min_rtt'),
  segments: koffi.offsetof(Info, 'tcpi_data_segs_out'),
  sent: koffi.offsetof(Info, 'tcpi_bytes_sent'),
  retransmitted: koffi.offsetof(Info, 'tcpi_bytes_retrans'),
}
