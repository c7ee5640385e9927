/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * From a TCP socket to the row of its connection.
 */
#ifndef EBPF_TOP_SOCKET_ROW_BPF_H
#define EBPF_TOP_SOCKET_ROW_BPF_H

#include "connection.bpf.h"
#include <bpf/bpf_endian.h>

#define NO_ROW (~0U)
#define NO_PLACE (~0U)

#define SOCK_DONE 1		/* bit of skc_flags: the peer's FIN arrived */

/* what the kernel counts of a socket, as it was at one moment */
struct counters {
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_received;
	__u64 flags;
	__u32 state;
	__u32 drops;
	__u32 rcv_nxt;
	__u32 rcv_wup;
	__u32 rcv_wnd;
	__u32 copied_seq;
	__u32 write_seq;
	__u32 snd_una;
	__u32 snd_wnd;
	__u32 ack_backlog;
};

/* of one moment only where nobody else works on the socket */
static __always_inline void read_counters(struct counters *counters, const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	counters->bytes_sent = tp->bytes_sent;
	counters->bytes_retrans = tp->bytes_retrans;
	counters->bytes_received = tp->bytes_received;
	counters->flags = sk->__sk_common.skc_flags;
	counters->state = sk->__sk_common.skc_state;
	counters->drops = sk->sk_drops.counter;
	counters->rcv_nxt = tp->rcv_nxt;
	counters->rcv_wup = tp->rcv_wup;
	counters->rcv_wnd = tp->rcv_wnd;
	counters->copied_seq = tp->copied_seq;
	counters->write_seq = tp->write_seq;
	counters->snd_una = tp->snd_una;
	counters->snd_wnd = tp->snd_wnd;
	counters->ack_backlog = sk->sk_ack_backlog;
}

/* payload bytes handed to the network at least once */
static __always_inline __u64 sent_of(const struct counters *counters)
{
	return counters->bytes_sent - counters->bytes_retrans;
}

/* payload bytes received; the kernel's counter takes a FIN for a byte */
static __always_inline __u64 received_of(const struct counters *counters)
{
	__u64 bytes = counters->bytes_received;

	return bytes && counters->flags & (1UL << SOCK_DONE) ? bytes - 1 : bytes;
}

/* a socket without a place has one now, or is closed */
static __always_inline void wait_no_more(struct connection_state *state, struct socket_memory *memory)
{
	if (!memory->waits)
		return;
	memory->waits = 0;
	__sync_fetch_and_sub(&state->waiting, 1);
}

/* the kernel has made a socket: it has a name, and what it belongs to */
static __always_inline void made(struct tcp_socket *socket, struct sock *sk, bool now)
{
	socket->cookie = bpf_get_socket_cookie(sk);
	socket->mptcp = mptcp_of(sk);
	if (!socket->mptcp)
		return;
	socket->joined = first_subflow(socket->mptcp) != (__u64)sk;
	expect_mptcp(socket->mptcp, now && !socket->joined);
}

enum when {
	BEFORE,			/* it began, or there was no place for it then */
	NOW,
	MADE,			/* it begins now, as a copy of a listening socket: made() will be called later */
};

/*
 * A place for the connection of a socket that has none, or whose last one is over; NULL: there is no room, or no memory.
 * `older`: what it moved before, if it did not begin now. Where somebody else gives it a place at the same time, it has
 * that one.
 */
static __always_inline struct tcp_socket *begin(struct connection_state *state, struct sock *sk,
						const struct counters *older, enum when when)
{
	struct socket_memory *memory;
	struct tcp_socket *socket;
	__u32 place, before;

	memory = memory_of(sk, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!memory)
		return NULL;
	before = memory->place;
	if (bpf_map_pop_elem(&free_places, &place)) {
		place = state->places_used < state->places ? __sync_fetch_and_add(&state->places_used, 1) : NO_PLACE;
		if (place >= state->places) {
			if (when != BEFORE)
				memory->unplaced = 1;
			if (!memory->waits) {
				memory->waits = 1;
				__sync_fetch_and_add(&state->waiting, 1);
			}
			return NULL;
		}
	}
	socket = socket_at(place);
	if (!socket)
		return NULL;
	__builtin_memset(socket, 0, sizeof(*socket));
	if (when != MADE)
		made(socket, sk, when == NOW);
	socket->started_ns = bpf_ktime_get_ns();
	socket->namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	socket->id = new_id(state);
	socket->listener = memory->listener;
	socket->row = NO_ROW;
	if (older) {
		socket->older = 1;
		socket->sent = sent_of(older);
		socket->received = received_of(older);
		socket->drops = older->drops;
	}
	if (__sync_val_compare_and_swap(&memory->place, before, place + 1) != before) {
		/* nobody has met it here: it has no address */
		bpf_map_push_elem(&free_places, &place, BPF_ANY);
		return known_socket(memory, (__u64)sk);
	}
	memory->id = socket->id;
	memory->unplaced = 0;
	wait_no_more(state, memory);
	/* whole before the walk finds it (full barrier) */
	__sync_fetch_and_add(&socket->address, (__u64)sk);
	return socket;
}

static __always_inline void copy_address(__u8 *to, const struct in6_addr *from)
{
	__u32 *words = (__u32 *)to;

	words[0] = from->in6_u.u6_addr32[0];
	words[1] = from->in6_u.u6_addr32[1];
	words[2] = from->in6_u.u6_addr32[2];
	words[3] = from->in6_u.u6_addr32[3];
}

/* whose row it is */
static __always_inline void describe_owner(struct connection *row, const struct owner *owner)
{
	row->owner = owner->pid;
	row->owner_started_ns = owner->started_ns;
	__builtin_memcpy(row->name, owner->name, sizeof(row->name));
}

/* both ends, and the interface that tells apart the addresses of links */
static __always_inline void describe_ends(struct connection *row, const struct sock *sk)
{
	const struct sock_common *common = &sk->__sk_common;

	row->device = common->skc_bound_dev_if;
	row->family = common->skc_family;
	/* not skc_num, which is 0 again once the socket is closed */
	row->local_port = bpf_ntohs(((const struct inet_sock *)sk)->inet_sport);
	row->remote_port = bpf_ntohs(common->skc_dport);
	if (row->family == AF_INET6) {
		copy_address(row->local, &common->skc_v6_rcv_saddr);
		copy_address(row->remote, &common->skc_v6_daddr);
	} else {
		*(__u32 *)row->local = common->skc_rcv_saddr;
		*(__u32 *)row->remote = common->skc_daddr;
	}
}

static __always_inline void describe(struct connection *row, const struct tcp_sock *tp, struct tcp_socket *socket)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	row->id = socket->id;
	row->started_ns = socket->started_ns;
	row->handshake_us = socket->handshake_us;
	row->rtt_us = tp->srtt_us >> 3;	/* kept in eighths */
	row->rtt_min_us = tp->rtt_min.s[0].v;
	row->segments = tp->data_segs_out;
	row->retransmits = tp->total_retrans;
	row->retransmitted = tp->bytes_retrans;
	describe_owner(row, owner_of(socket));
	row->direction = socket->direction;
	row->older = socket->older;
	row->established = socket->established;
	row->closer = socket->closer;
	row->reset = socket->reset;
	row->mptcp = socket->mptcp && (sk->__sk_common.skc_state == TCP_LISTEN || speaks_mptcp(sk));
	row->held = sk->sk_socket != NULL;
	row->namespace = socket->namespace;
	describe_ends(row, sk);
	if (socket->direction == DIRECTION_INBOUND) {
		row->listener = listener_of(socket);
		row->established_ns = socket->established_ns;
		row->accepted_ns = socket->accepted_ns;
	} else if (socket->established_ns) {
		row->connect_ns = socket->established_ns - socket->started_ns;
	}
}

/* of a listening socket: connections that wait, how many may, and what it dropped since the last walk and in all */
static __always_inline void describe_listener(struct connection *row, const struct tcp_sock *tp,
					      const struct counters *counters, __u32 drops_before)
{
	row->receive_queue = counters->ack_backlog;
	row->send_queue = tp->inet_conn.icsk_inet.sk.sk_max_ack_backlog;
	row->drops = counters->drops - drops_before;
	row->total_drops = counters->drops;
}

/* what waits in its queues, as inet_diag reckons it, and whether there is no room for more */
static __always_inline void describe_queues(struct connection *row, const struct counters *counters)
{
	__s32 unread = counters->rcv_nxt - counters->copied_seq;
	__s32 room = counters->rcv_wup + counters->rcv_wnd - counters->rcv_nxt;
	__u32 state = counters->state;

	row->receive_queue = unread > 0 ? unread : 0;
	row->send_queue = counters->write_seq - counters->snd_una;
	/* before the handshake is over neither end has offered a window, and after its FIN an end needs none */
	if (room <= 0 && (state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2))
		row->zero_window |= ZERO_WINDOW_LOCAL;
	if (!counters->snd_wnd && (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT || state == TCP_FIN_WAIT1 ||
				   state == TCP_LAST_ACK))
		row->zero_window |= ZERO_WINDOW_REMOTE;
}

/* whether a process took it out of the accept queue */
static __always_inline bool is_accepted(const struct connection *row, const struct tcp_socket *socket)
{
	return socket->direction == DIRECTION_INBOUND && !socket->joined && (row->accepted_ns || row->held || socket->taken);
}

/* known to be of a process that is not watched; what is nobody's yet may be its listener's, which user space knows */
static __always_inline bool of_others(const struct control *ctl, struct tcp_socket *socket)
{
	__u32 pid = owner_of(socket)->pid;

	return pid && !watched(ctl, pid);
}

#endif
