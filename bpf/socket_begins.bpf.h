/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The begin of a connection at either end: its place, when it was, and how long the
 * handshake took.
 */
#ifndef EBPF_TOP_SOCKET_BEGINS_BPF_H
#define EBPF_TOP_SOCKET_BEGINS_BPF_H

#include "process.bpf.h"
#include "socket_row.bpf.h"

/* the socket begins to do something in the process that asked for it */
static __always_inline struct tcp_socket *began(struct connection_state *state, struct sock *sk)
{
	struct tcp_socket *socket;

	socket = begin(state, sk, NULL, NOW);
	if (!socket)
		return NULL;	/* its end will be told, see closing() */
	used_by(socket, bpf_get_current_task_btf());
	return socket;
}

/* the application called connect, and a SYN goes out */
static __always_inline struct tcp_socket *connecting(struct connection_state *state, struct sock *sk)
{
	struct tcp_socket *socket = began(state, sk);
	struct task *task;

	if (!socket)
		return NULL;
	socket->direction = DIRECTION_OUTBOUND;
	task = task_of(bpf_get_current_task_btf(), 0);
	/* not in a call that is not watched: nobody would clear it */
	if (task && task->entered_ns && task->call == CALL_CONNECT)
		task->connecting = 1;
	return socket;
}

/* a listening socket makes one for a connection, in softirq: whoever accepts or uses it will own it */
static __always_inline struct tcp_socket *arrived(struct connection_state *state, struct sock *sk,
						  const struct socket_memory *memory, enum when when)
{
	const struct inet_connection_sock *maker = memory ? (const void *)memory->maker : NULL;
	struct tcp_socket *socket = begin(state, sk, NULL, when);

	if (!socket)
		return NULL;
	socket->direction = DIRECTION_INBOUND;
	socket->established_ns = socket->started_ns;
	socket->deferred = maker && BPF_CORE_READ(maker, icsk_accept_queue.rskq_defer_accept);
	await_accept(sk);
	return socket;
}

#define MICROSECOND 1000
#define MILLISECOND 1000000

/*
 * From the SYN received to the end of the handshake, in microseconds: by far the most often the only round trip that the
 * kernel has measured so far, which is kept in eighths; 0: that was none. It takes the time by the timestamps of TCP,
 * which are milliseconds, where it does not know when it answered: with SYN cookies, which keep other things there as
 * well, and where the answer was sent again. TCP_DEFER_ACCEPT makes it wait for the first bytes.
 */
static __always_inline __u32 handshake_of(const struct tcp_socket *socket, const struct tcp_sock *tp)
{
	__u32 us = tp->srtt_us >> 3;

	/* Fast Open: it was in use before, and what was measured may be a round trip of its bytes */
	if (socket->accepted_ns)
		return (bpf_ktime_get_ns() - socket->started_ns) / MICROSECOND;
	return socket->deferred || tp->total_retrans || us % 1000 == 0 ? 0 : us;
}

/* a little more than passes between SYN_SENT and the SYN, and between its answer and ESTABLISHED */
#define AT_ONCE MILLISECOND

/*
 * A connect that waits for the first bytes to go with its SYN (TCP_FASTOPEN_CONNECT) is in SYN_SENT long before that is
 * sent. The kernel knows when: from its round trip, or where that was sent again from a stamp, which is in milliseconds.
 */
static __always_inline void began_with_syn(struct tcp_socket *socket, const struct tcp_sock *tp)
{
	__u64 passed = socket->established_ns - socket->started_ns;
	__u64 on_wire = (__u64)(tp->srtt_us >> 3) * MICROSECOND;

	if (tp->total_retrans)
		on_wire = tp->retrans_stamp ? (__u64)((__u32)(tp->tcp_mstamp / 1000) - tp->retrans_stamp) * MILLISECOND : 0;
	if (on_wire && passed > on_wire + AT_ONCE)
		socket->started_ns = socket->established_ns - on_wire;
}

static __always_inline struct tcp_socket *established(struct connection_state *state, struct sock *sk,
						      const struct socket_memory *memory, struct tcp_socket *socket,
						      int before)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (!socket && before == TCP_SYN_SENT) {
		socket = begin(state, sk, NULL, NOW);
		if (socket) {
			socket->direction = DIRECTION_OUTBOUND;
			socket->older = 1;
		}
	} else if (!socket) {
		socket = arrived(state, sk, memory, NOW);
	} else if (socket->direction == DIRECTION_OUTBOUND && !socket->older && !socket->established_ns) {
		socket->established_ns = bpf_ktime_get_ns();
		if (tp)
			began_with_syn(socket, tp);
	}
	if (socket && tp && socket->direction == DIRECTION_INBOUND)
		socket->handshake_us = handshake_of(socket, tp);
	return socket;
}

#endif
