/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Walks that user space asks for at the end of an interval: over all TCP sockets,
 * and over all open files, for sockets whose holder is not known.
 */
#ifndef EBPF_TOP_SOCKET_WALKS_BPF_H
#define EBPF_TOP_SOCKET_WALKS_BPF_H

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

/* whether a process waits for connections, as far as its first thread tells */
static __always_inline bool accepts_from(struct task_struct *task, __u32 fd)
{
	struct pt_regs *regs;
	long number;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return false;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	number = number_in(regs);
	return (number == CALL_ACCEPT || number == CALL_ACCEPT4) && (__u32)PT_REGS_PARM1_CORE_SYSCALL(regs) == fd;
}

/* of a socket that a file leads to: its place, which it gets if it has none */
static __always_inline struct tcp_socket *socket_of_file(const struct control *ctl, struct connection_state *state,
							 struct sock *sk)
{
	struct tcp_socket *socket = find_socket(sk);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct counters counters;
	bool at_rest;

	if (!tp || (socket && (!state->tells || socket->pass == ctl->pass)))
		return socket;
	at_rest = read_at_rest(state, &counters, tp);
	if (is_none(&counters, socket, sk))
		return socket;
	if (!socket)
		socket = found(state, sk, &counters, at_rest);
	if (socket && state->tells && (at_rest || state->final))
		tell_open(ctl, state, socket, tp, &counters, at_rest);
	return socket;
}

/*
 * All open files, in all network namespaces, without any lock: for sockets whose begin nobody told; for those whose owner
 * is not known, or may have let go of them, since the process is told that has it open; and to tell all of them, where there is no
 * walk_places.
 */
SEC("iter/task_file")
int walk_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct connection_state *state;
	struct tcp_socket *socket;
	struct connection *row;
	struct socket *sock;
	struct control *ctl;
	struct owner *owner;
	struct sock *sk;
	bool accepts;
	__u32 index;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	ctl = get_control();
	state = get_connection_state();
	if (!sock || !ctl || !state)
		return 0;
	sk = sock->sk;
	/* a raw socket may have these protocols as well */
	if (!sk || sk->sk_type != SOCK_STREAM)
		return 0;
	accepts = sk->__sk_common.skc_state == TCP_LISTEN && accepts_from(task, ctx->fd);
	if (sk->sk_protocol == IPPROTO_MPTCP) {
		owner = mptcp_owner((__u64)sk);
		if (owner)
			found_holder(ctl, owner, task, accepts);
		return 0;
	}
	socket = sk->sk_protocol == IPPROTO_TCP ? socket_of_file(ctl, state, sk) : NULL;
	if (!socket)
		return 0;
	found_holder(ctl, &socket->owner, task, accepts);
	/* who used it since its row was written is its owner there as well */
	index = socket->row;
	row = bpf_map_lookup_elem(&open_connections, &index);
	if (row && socket->pass == ctl->pass && row->id == socket->id)
		describe_owner(row, &socket->owner);
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
