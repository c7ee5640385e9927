/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Walks over all TCP sockets that user space asks for at the end of an interval.
 */
#ifndef EBPF_TOP_SOCKET_WALKS_BPF_H
#define EBPF_TOP_SOCKET_WALKS_BPF_H

#include "open_sockets.bpf.h"
#include "socket_ends.bpf.h"

#define NO_SESSION (~0ULL)

/* whether this walk over the kernel's list is the one that user space waits for */
static __always_inline bool may_tell(struct connection_state *state, const struct bpf_iter_meta *meta)
{
	__u64 session = meta->session_id;

	if (!state->session && !meta->seq_num)
		__sync_val_compare_and_swap(&state->session, 0, session);
	return state->session == session;
}

/*
 * The kernel's list of all sockets, of one network namespace: for those whose begin nobody told, as they are older than
 * the tool or as that was lost, and which have no file. It takes the lock of each socket, and may wait for that for
 * minutes: another process than the tool reads it, and the tool does not wait for its end. Where there is no walk_places,
 * what has no file is told by it as well.
 */
SEC("iter/tcp")
int walk_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct connection_state *state;
	struct tcp_socket *socket;
	struct counters counters;
	struct tcp_sock *tp;
	struct control *ctl;
	bool tells;

	ctl = get_control();
	state = get_connection_state();
	if (!ctl || !state)
		return 0;
	tells = may_tell(state, ctx->meta);
	if (!common)
		return 0;
	/* not the small sockets of TIME_WAIT and of unanswered requests */
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp)
		return 0;
	read_counters(&counters, tp);
	socket = find_socket(&tp->inet_conn.icsk_inet.sk);
	if (is_none(&counters, socket, &tp->inet_conn.icsk_inet.sk))
		return 0;
	if (!socket)
		socket = found(state, &tp->inet_conn.icsk_inet.sk, &counters, true);
	if (socket && tells && socket->pass != ctl->pass)
		tell_open(ctl, state, socket, tp, &counters, true);
	return 0;
}

/*
 * A socket is closed already, and nobody told: the kernel left the programs out. One that is about to connect or to listen
 * is closed as well, but not for long. `gone`: another one lies there, so that only its loss can be told.
 */
static __always_inline void untold_end(struct control *ctl, struct connection_state *state, struct tcp_socket *socket,
				       const struct tcp_sock *tp, bool gone)
{
	__u32 index;

	if (!socket->shut_pass)
		socket->shut_pass = ctl->pass;
	if (socket->shut_pass == ctl->pass)
		return;
	if (is_told(socket) && !gone)
		tell_closed(ctl, state, tp, socket, last_seen(socket, 0), &index);
	else if (is_told(socket) && ctl->epoch && !of_others(ctl, socket))
		__sync_fetch_and_add(&state->lost_untold, 1);
	socket->id = 0;
}

static __always_inline struct tcp_sock *tcp_sock_at(__u64 address)
{
	return bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct tcp_sock));
}

/* sockets whose memory is asked for at once: what they take of it fits into the first cache */
#define FETCHED 32
#define FETCH(member) asm volatile("" : : "r"(member))

/*
 * Reads one member of each cache line that will be needed of a socket. One by one a walk would wait for most of them; of
 * many sockets, one right after the other, the processor gets them together.
 */
static __always_inline void fetch(__u32 place)
{
	struct tcp_socket *socket = socket_at(place);
	const struct tcp_sock *tp;
	const struct sock *sk;

	if (!socket)
		return;
	tp = tcp_sock_at(socket->address);
	sk = &tp->inet_conn.icsk_inet.sk;
	FETCH(sk->__sk_common.skc_state);
	FETCH(sk->__sk_common.skc_cookie.counter);
	FETCH(sk->sk_drops.counter);
	FETCH(sk->sk_socket);
	FETCH(sk->sk_lock.owned);
	FETCH(sk->sk_ack_backlog);
	FETCH(tp->inet_conn.icsk_inet.inet_sport);
	FETCH(tp->snd_wnd);
	FETCH(tp->rtt_min.s[0].v);
	FETCH(tp->bytes_sent);
	FETCH(tp->rcv_nxt);
	FETCH(tp->bytes_received);
	FETCH(tp->bytes_retrans);
}

struct attempt {
	__u64 address;
	bool succeeded;
	struct counters counters;
};

static int try_again(__u32 index, struct attempt *attempt)
{
	struct connection_state *state = get_connection_state();

	attempt->succeeded = state && read_at_rest(state, &attempt->counters, tcp_sock_at(attempt->address));
	return attempt->succeeded;
}

static int walk_place(__u32 index, const __u32 *first)
{
	struct connection_state *state = get_connection_state();
	struct control *ctl = get_control();
	__u32 place = *first + index;
	struct tcp_socket *socket = socket_at(place);
	struct attempt attempt = {};
	const struct sock *sk;
	struct counters counters;
	struct tcp_sock *tp;
	bool at_rest, gone;
	__u64 id;
	__u32 i;

	if (place % FETCHED == 0) {
		for (i = 0; i < FETCHED; i++)
			fetch(place + i);
	}
	if (!state || !socket || !ctl || !socket->address)
		return 0;
	id = socket->id;
	if (!id) {
		socket->address = 0;
		bpf_map_push_elem(&free_places, &place, BPF_ANY);
		return 0;
	}
	if (socket->pass == ctl->pass)
		return 0;
	tp = tcp_sock_at(socket->address);
	at_rest = read_at_rest(state, &counters, tp);
	if (!at_rest && state->tries) {
		attempt.address = socket->address;
		bpf_loop(state->tries, try_again, &attempt, 0);
		at_rest = attempt.succeeded;
		if (at_rest)
			counters = attempt.counters;
	}
	if (!at_rest) {
		__sync_fetch_and_add(&state->busy, 1);
		if (!state->final)
			return 0;
	}
	in_order(state);
	/* as long as it has its id, the socket is there */
	if (socket->id != id)
		return 0;
	sk = &tp->inet_conn.icsk_inet.sk;
	gone = socket->cookie && sk->__sk_common.skc_cookie.counter != socket->cookie;
	if (gone || counters.state == TCP_CLOSE)
		untold_end(ctl, state, socket, tp, gone);
	else if (!is_none(&counters, socket, sk))
		tell_open(ctl, state, socket, tp, &counters, at_rest);
	return 0;
}

/* places that whoever walks takes at a time; a multiple of FETCHED */
#define PART 1024
/* more than there are */
#define MAX_PARTS (1 << 20)

/* the next part of the walk; 1: there is none */
static int walk_part(__u32 index, void *unused)
{
	struct connection_state *state = get_connection_state();
	__u32 places, first;

	if (!state)
		return 1;
	places = state->places_used < state->places ? state->places_used : state->places;
	first = __sync_fetch_and_add(&state->next_place, PART);
	if (first >= places)
		return 1;
	bpf_loop(places - first < PART ? places - first : PART, walk_place, &first, 0);
	return 0;
}

/*
 * All sockets that have a place, in all network namespaces. Those that somebody is at work on for too long are left out,
 * and counted; the same walk again does them alone. Several processors may walk at once: each place is met by one of them.
 */
SEC("syscall")
int walk_places(void *ctx)
{
	bpf_loop(MAX_PARTS, walk_part, NULL, 0);
	return 0;
}

#endif
