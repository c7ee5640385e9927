/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * From a TCP socket to the row of its connection.
 */
#ifndef EBPF_TOP_SOCKET_ROW_BPF_H
#define EBPF_TOP_SOCKET_ROW_BPF_H

#include "connection.bpf.h"
#include <bpf/bpf_endian.h>

#define NO_ROW (~0U)

static __always_inline void begin(struct connection_state *state, struct tcp_socket *socket)
{
	__builtin_memset(socket, 0, sizeof(*socket));
	socket->started_ns = bpf_ktime_get_ns();
	socket->id = new_id(state);
	socket->row = NO_ROW;
}

/* payload bytes handed to the network at least once */
static __always_inline __u64 bytes_sent(const struct tcp_sock *tp)
{
	return tp->bytes_sent - tp->bytes_retrans;
}

#define SOCK_DONE 1		/* bit of skc_flags: the peer's FIN arrived */

/* payload bytes received; the kernel's counter takes a FIN for a byte */
static __always_inline __u64 bytes_received(const struct sock *sk, const struct tcp_sock *tp)
{
	__u64 bytes = tp->bytes_received;

	return bytes && sk->__sk_common.skc_flags & (1UL << SOCK_DONE) ? bytes - 1 : bytes;
}

static __always_inline void describe(struct connection *row, const struct sock *sk, const struct tcp_sock *tp,
				     const struct tcp_socket *socket)
{
	const struct sock_common *common = &sk->__sk_common;
	struct accepted *accepted;
	__u64 address = (__u64)sk;

	row->id = socket->id;
	row->started_ns = socket->started_ns;
	row->connect_ns = socket->connect_ns;
	row->handshake_us = socket->handshake_us;
	row->rtt_us = tp->srtt_us >> 3;	/* kept in eighths */
	row->rtt_min_us = tp->rtt_min.s[0].v;
	row->segments = tp->data_segs_out;
	row->retransmits = tp->total_retrans;
	row->owner = socket->owner;
	row->direction = socket->direction;
	row->older = socket->older;
	row->closer = socket->closer;
	row->reset = socket->reset;
	__builtin_memcpy(row->name, socket->name, sizeof(row->name));
	row->held = sk->sk_socket != NULL;
	row->namespace = common->skc_net.net->ns.inum;
	row->family = common->skc_family;
	/* not skc_num, which is 0 again once the socket is closed */
	row->local_port = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	row->remote_port = bpf_ntohs(common->skc_dport);
	if (row->family == AF_INET6) {
		BPF_CORE_READ_INTO(&row->local, common, skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&row->remote, common, skc_v6_daddr);
	} else {
		BPF_CORE_READ_INTO(&row->local, common, skc_rcv_saddr);
		BPF_CORE_READ_INTO(&row->remote, common, skc_daddr);
	}
	if (socket->direction != DIRECTION_INBOUND)
		return;
	accepted = bpf_map_lookup_elem(&accepts, &address);
	if (!accepted)
		return;
	row->established_ns = accepted->established_ns;
	row->accepted_ns = accepted->accepted_ns;
	if (!row->owner && accepted->owner) {
		row->owner = accepted->owner;
		__builtin_memcpy(row->name, accepted->name, sizeof(row->name));
	}
}

/* what waits in its queues, as inet_diag reckons it, and whether there is no room for more */
static __always_inline void describe_queues(struct connection *row, const struct tcp_sock *tp, int state)
{
	__s32 unread = tp->rcv_nxt - tp->copied_seq;
	__s32 room = tp->rcv_wup + tp->rcv_wnd - tp->rcv_nxt;

	row->receive_queue = unread > 0 ? unread : 0;
	row->send_queue = tp->write_seq - tp->snd_una;
	/* before the handshake is over neither end has offered a window, and after its FIN an end needs none */
	if (room <= 0 && (state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2))
		row->zero_window |= ZERO_WINDOW_LOCAL;
	if (!tp->snd_wnd && (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT || state == TCP_FIN_WAIT1 ||
			     state == TCP_LAST_ACK))
		row->zero_window |= ZERO_WINDOW_REMOTE;
}

/*
 * Whether a connection that closes goes on as a small socket that waits in TIME_WAIT: it sent its FIN first. One that
 * nobody holds is replaced before the peer's FIN has come. A reset that follows the change of state takes it back.
 */
static __always_inline bool goes_to_time_wait(const struct sock *sk, const struct tcp_socket *socket, int last_state)
{
	return (last_state == TCP_CLOSING || last_state == TCP_FIN_WAIT2) && !sk->sk_err && !socket->reset;
}

/* whether a process took it out of the accept queue */
static __always_inline bool is_accepted(const struct connection *row, const struct tcp_socket *socket)
{
	return socket->direction == DIRECTION_INBOUND && (row->accepted_ns || row->held || socket->taken);
}

/* known to be of a process that is not watched; what is nobody's yet may be its listener's, which user space knows */
static __always_inline bool of_others(const struct control *ctl, const struct sock *sk, const struct tcp_socket *socket)
{
	struct accepted *accepted;
	__u64 address = (__u64)sk;
	__u32 owner = socket->owner;

	if (!owner && socket->direction == DIRECTION_INBOUND) {
		accepted = bpf_map_lookup_elem(&accepts, &address);
		owner = accepted ? accepted->owner : 0;
	}
	return owner && !watched(ctl, owner);
}

#endif
