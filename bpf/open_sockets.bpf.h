/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Sockets as a walk meets them: counters of one moment, what can be told of one that
 * is older than the tool, and its row.
 */
#ifndef EBPF_TOP_OPEN_SOCKETS_BPF_H
#define EBPF_TOP_OPEN_SOCKETS_BPF_H

#include "process.bpf.h"
#include "socket_row.bpf.h"

/* connections and listening sockets that are open, written anew by each walk */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct connection);
} open_connections SEC(".maps");

/* a walk over an accept queue */
struct queue_walk {
	const struct request_sock *request;
	__u64 listener;
};

static int walk_request(__u32 index, struct queue_walk *walk)
{
	const struct request_sock *request = walk->request;
	__u64 address;

	if (!request)
		return 1;
	address = (__u64)BPF_CORE_READ(request, sk);
	if (address)
		bpf_map_update_elem(&queued, &address, &walk->listener, BPF_ANY);
	walk->request = BPF_CORE_READ(request, dl_next);
	return 0;
}

/* more than a queue holds */
#define MAX_QUEUED (1 << 16)

/*
 * Which connections wait in the accept queue of a listening socket that was not known. The kernel's list of sockets has
 * those that listen first. Without bpf_loop (5.17) user space goes by addresses.
 */
static __always_inline void find_queued(const struct sock *sk, __u64 listener)
{
	const struct inet_connection_sock *icsk = (const struct inet_connection_sock *)sk;
	struct queue_walk walk = { .listener = listener };

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		return;
	walk.request = BPF_CORE_READ(icsk, icsk_accept_queue.rskq_accept_head);
	bpf_loop(MAX_QUEUED, walk_request, &walk, 0);
}

/* whether a listening socket made it: connections have its backlog limit, and where that is 0, may wait in its queue */
static __always_inline bool is_made(const struct sock *sk)
{
	__u64 address = (__u64)sk;

	return sk->sk_max_ack_backlog || bpf_map_lookup_elem(&queued, &address);
}

/*
 * A place for a socket that has none, with what can still be told of it: either it is older than the tool, or there was
 * no place for it when it began. `at_rest`: these counters are of one moment.
 */
static __always_inline struct tcp_socket *found(struct connection_state *state, struct sock *sk,
						const struct counters *counters, bool at_rest)
{
	struct socket_memory *memory = memory_of(sk, 0);
	bool unplaced = memory && memory->unplaced;
	struct tcp_socket *socket = begin(state, sk, unplaced ? NULL : counters, BEFORE);

	if (!socket)
		return NULL;
	socket->unread = !unplaced && !at_rest;
	if (counters->state == TCP_LISTEN) {
		await_accept(sk);
		find_queued(sk, socket->id);
	} else if (counters->state == TCP_SYN_SENT) {
		socket->direction = DIRECTION_OUTBOUND;
	} else {
		socket->established = 1;
	}
	if (counters->state == TCP_LISTEN || !is_made(sk))
		return socket;
	socket->direction = DIRECTION_INBOUND;
	if (sk->sk_socket || (counters->state != TCP_ESTABLISHED && counters->state != TCP_CLOSE_WAIT))
		socket->accepted_pass = unplaced ? 0 : LONG_AGO;
	else
		await_accept(sk);
	return socket;
}

/*
 * The row of an open socket in this walk; what it moved before the first interval is in the totals only. Not `at_rest`:
 * somebody works on it, and these counters are not of one moment. Then it moved nothing in this interval, and what it
 * did move is in the next one in which it can be read.
 */
static __always_inline void tell_open(const struct control *ctl, struct connection_state *state,
				      struct tcp_socket *socket, const struct tcp_sock *tp,
				      const struct counters *counters, bool at_rest)
{
	__u64 sent = at_rest ? sent_of(counters) : socket->sent;
	__u64 received = at_rest ? received_of(counters) : socket->received;
	bool counts = ctl->epoch && !socket->unread;
	__u64 sent_before = counts ? socket->sent : sent;
	__u64 received_before = counts ? socket->received : received;
	__u32 drops_before = socket->drops;
	struct connection *row;
	bool doubtful;
	__u32 index;

	socket->pass = ctl->pass;
	socket->row = NO_ROW;
	socket->sent = sent;
	socket->received = received;
	socket->drops = counters->drops;
	/* of one that cannot be read before the first interval, what it moved in that one is not known */
	socket->unread = !at_rest && !counts;
	if (!socket->opened_pass)
		socket->opened_pass = ctl->pass;
	/* whose socket it is may turn out otherwise */
	doubtful = tp->inet_conn.icsk_inet.sk.sk_socket && is_doubtful(ctl, owner_of(socket));
	if (!doubtful && of_others(ctl, socket))
		return;
	index = __sync_fetch_and_add(&state->open_used, 1);
	row = bpf_map_lookup_elem(&open_connections, &index);
	if (!row)
		return;	/* user space sees open_used beyond the end */
	socket->row = index;
	__builtin_memset(row, 0, sizeof(*row));
	describe(row, tp, socket);
	if (is_accepted(row, socket) && !socket->accepted_pass)
		socket->accepted_pass = ctl->pass;
	row->accepted = socket->accepted_pass == ctl->pass;
	row->opened = socket->opened_pass == ctl->pass && !socket->older;
	row->state = counters->state;
	row->busy = !at_rest;
	row->total_sent = sent;
	row->total_received = received;
	row->sent = sent - sent_before;
	row->received = received - received_before;
	if (counters->state == TCP_LISTEN)
		describe_listener(row, tp, counters, drops_before);
	else
		describe_queues(row, counters);
}

/* in this order: what is read before, then what is read after */
static __always_inline void in_order(struct connection_state *state)
{
#ifdef __TARGET_ARCH_arm64
	__sync_fetch_and_add(&state->busy, 0);
#else
	/* x86 reads in the order of the program */
	barrier();
#endif
}

static __always_inline bool same(const struct counters *a, const struct counters *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;
	__u64 differences = 0;
	int i;

	for (i = 0; i < sizeof(*a) / sizeof(*x); i++)
		differences |= x[i] ^ y[i];
	return !differences;
}

/* whether somebody works on a socket now: a process that holds its lock, or a packet that arrives */
static __always_inline bool is_held(const struct sock *sk)
{
	const struct sock___rt *rt = (const void *)sk;

	if (sk->sk_lock.owned)
		return true;
	if (bpf_core_field_exists(rt->sk_lock.slock.lock.owner))
		return rt->sk_lock.slock.lock.owner;
	/* with one processor there is no such lock */
	return bpf_core_field_exists(sk->sk_lock.slock.rlock.raw_lock.val.counter) &&
	       sk->sk_lock.slock.rlock.raw_lock.val.counter;
}

/*
 * The counters at one moment, without the lock. They only grow, so that values which are the same twice in a row were all
 * there in between; and if nobody held the lock then, they belong together.
 */
static __always_inline bool read_at_rest(struct connection_state *state, struct counters *counters,
					 const struct tcp_sock *tp)
{
	struct counters again;
	bool held;

	read_counters(counters, tp);
	in_order(state);
	held = is_held(&tp->inet_conn.icsk_inet.sk);
	in_order(state);
	read_counters(&again, tp);
	return !held && same(counters, &again);
}

/*
 * Whether a socket whose handshake is not over is in use: most are about to be established, but one by Fast Open may have
 * been accepted. `socket`: NULL where it has no place.
 */
static __always_inline bool is_in_use(struct tcp_socket *socket, const struct sock *sk)
{
	if (!socket)
		return false;
	if (socket->direction == DIRECTION_INBOUND && sk->sk_socket)
		socket->established = 1;
	return socket->direction == DIRECTION_OUTBOUND || socket->established;
}

/* not yet a connection, about which established() will tell, or none any more */
static __always_inline bool is_none(const struct counters *counters, struct tcp_socket *socket, const struct sock *sk)
{
	/* that is still the state of the socket which made it */
	if (counters->state == TCP_LISTEN && socket && socket->direction == DIRECTION_INBOUND)
		return true;
	if (counters->state == TCP_SYN_RECV)
		return !is_in_use(socket, sk);
	return counters->state == TCP_CLOSE || counters->state == TCP_TIME_WAIT || counters->state == TCP_NEW_SYN_RECV;
}

#endif
