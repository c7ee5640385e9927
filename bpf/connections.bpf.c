// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * TCP connections: the open ones by a walk over all sockets at the end of each
 * interval (socket_walks.bpf.h), those that closed in it by their last change of
 * state. No work per packet, and none per send or receive: the kernel's own
 * counters are read.
 */
#include "process.bpf.h"
#include "socket_row.bpf.h"
#include "socket_walks.bpf.h"

/* a connection, or a listening socket, ended: its last row */
static __always_inline void closed(struct control *ctl, struct connection_state *state, struct sock *sk,
				   struct socket_memory *memory, struct tcp_socket *socket, int last_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct connection *row;
	struct task *task;
	__u8 told = 1;
	__u64 file;
	__u32 index;

	if (!tp)
		return;
	row = tell_closed(ctl, state, tp, socket, last_state, &index);
	if (!row)
		return;
	memory->closed_row = index;
	memory->closed_started_ns = row->started_ns;
	if (socket->established || last_state == TCP_LISTEN)
		return;
	row->error = sk->sk_err;
	if (row->error) {
		file = BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
		if (file)
			bpf_map_update_elem(&failed_connects, &file, &told, BPF_ANY);
		return;
	}
	/* connect knows: it is about to return it */
	task = task_of(bpf_get_current_task_btf(), 0);
	if (task && task->connecting == 1)
		task->connecting = 2 + index;
}

/* its place is free from now on, see walk_place */
static __always_inline void finish(struct control *ctl, struct connection_state *state, struct sock *sk,
				   struct socket_memory *memory, struct tcp_socket *socket, int last_state)
{
	__u64 address = (__u64)sk;

	if (is_told(socket))
		closed(ctl, state, sk, memory, socket, last_state);
	if (socket->direction == DIRECTION_INBOUND || last_state == TCP_LISTEN)
		bpf_map_delete_elem(&accepts, &address);
	/* its row is whole before the walk may free the place (full barrier) */
	__sync_fetch_and_and(&socket->id, 0);
}

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

/*
 * A connection is about to end of which nothing is known: from before the tool, or for want of memory; its totals are.
 * `unplaced`: or there was no place for it when it began.
 */
static __always_inline struct tcp_socket *closing(const struct control *ctl, struct connection_state *state,
						  struct sock *sk, int before, bool unplaced, bool last_chance)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct tcp_socket *socket;
	struct counters counters;

	/* those that were not yet connections, or are not any more */
	if (before == TCP_CLOSE || before == TCP_LISTEN || before == TCP_SYN_RECV || before == TCP_NEW_SYN_RECV || !tp)
		return NULL;
	read_counters(&counters, tp);
	socket = begin(state, sk, unplaced ? NULL : &counters, BEFORE);
	if (socket)
		socket->established = before != TCP_SYN_SENT;
	else if (last_chance && ctl->epoch)
		__sync_fetch_and_add(&state->lost_no_socket, 1);
	return socket;
}

/* who ended an established connection, on its way to the state `after` */
static __always_inline enum closer closer_of(const struct sock *sk, const struct tcp_socket *socket, int after)
{
	if (after == TCP_CLOSE_WAIT || socket->reset == RESET_RECEIVED)
		return CLOSER_REMOTE;
	/* no answer any more: neither did */
	if (after == TCP_CLOSE && sk->sk_err && socket->reset != RESET_SENT)
		return CLOSER_NONE;
	return CLOSER_LOCAL;
}

/* in the process that closes its side: it has it, if nobody else is known to, or did nothing with it yet */
static __always_inline void closes_side(struct sock *sk, struct tcp_socket *socket)
{
	struct task_struct *thread = bpf_get_current_task_btf();

	/* a thread of the kernel closes subflows, and what a process has let go of */
	if (socket->mptcp || (thread->flags & PF_KTHREAD && BPF_CORE_READ(sk, sk_socket, file)))
		return;
	socket->taken = 1;
	if (!socket->owner.pid || socket->unused)
		used_by(socket, thread);
}

/*
 * Whether a socket becomes a connection by a change of state. By Fast Open a server may use one before its handshake is
 * over, and close it as well; its peer may have sent its FIN with its SYN.
 */
static __always_inline bool begins_to_live(const struct sock *sk, const struct tcp_socket *socket, int before, int after)
{
	if (after == TCP_ESTABLISHED)
		return true;
	if (before != TCP_SYN_RECV || socket->direction != DIRECTION_INBOUND)
		return false;
	return after != TCP_CLOSE || sk->sk_socket;
}

/* whether either end could send and receive in the state `before` */
static __always_inline bool is_alive(const struct tcp_socket *socket, int before)
{
	return before == TCP_ESTABLISHED || (before == TCP_SYN_RECV && socket->established);
}

/* a socket changes its state; `again`: somebody may have told it already */
static __always_inline void changed(struct sock *sk, int before, int after, bool again)
{
	struct connection_state *state;
	struct socket_memory *memory;
	struct tcp_socket *socket;
	__u64 address = (__u64)sk;
	struct control *ctl;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	ctl = get_control();
	state = get_connection_state();
	if (!ctl || !state)
		return;
	memory = memory_of(sk, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (again && memory && memory->state == after)
		return;
	socket = known_socket(memory, address);
	if (after == TCP_SYN_SENT)
		socket = connecting(state, sk);
	else if (after == TCP_SYN_RECV && before == TCP_LISTEN)
		socket = arrived(state, sk, memory, MADE);
	else if (after == TCP_ESTABLISHED)
		socket = established(state, sk, memory, socket, before);
	else if (after == TCP_LISTEN)
		socket = began(state, sk);
	else if (!socket)
		/* where there is memory to remember it, nobody tries again after the last change */
		socket = closing(ctl, state, sk, before, memory && memory->unplaced, memory && after == TCP_CLOSE);
	if (!memory)
		return;
	memory->state = after;
	if (after == TCP_CLOSE)
		wait_no_more(state, memory);
	if (again)
		__sync_fetch_and_add(&state->stood_in, 1);
	if (!socket)
		return;
	if (after == TCP_LISTEN)
		await_accept(sk);
	if (begins_to_live(sk, socket, before, after)) {
		socket->established = 1;
		if (!socket->cookie)
			made(socket, sk, true);
	}
	/* these happen only where somebody closes its side */
	if ((is_alive(socket, before) && after == TCP_FIN_WAIT1) ||
	    (before == TCP_CLOSE_WAIT && after == TCP_LAST_ACK)) {
		closes_side(sk, socket);
	}
	/* the reset goes out when this is over */
	if ((is_alive(socket, before) || before == TCP_CLOSE_WAIT) && after == TCP_CLOSE && !sk->sk_err)
		socket->reset = RESET_SENT;
	if (is_alive(socket, before) && after != TCP_ESTABLISHED && !socket->closer)
		socket->closer = closer_of(sk, socket, after);
	if (after == TCP_CLOSE)
		finish(ctl, state, sk, memory, socket, before);
}

static __always_inline void reset_received(struct sock *sk)
{
	struct tcp_socket *socket = find_socket(sk);

	if (socket)
		socket->reset = RESET_RECEIVED;
}

static __always_inline void reset_sent(struct sock *sk)
{
	struct socket_memory *memory;
	struct tcp_socket *socket;
	struct connection *row;
	__u32 index;

	/* in answer to a segment that belongs to no socket */
	if (!sk)
		return;
	memory = memory_of(sk, 0);
	socket = known_socket(memory, (__u64)sk);
	if (socket) {
		if (!socket->reset)
			socket->reset = RESET_SENT;
		return;
	}
	if (!memory || !memory->closed_started_ns)
		return;
	/* it is the last that a socket does, after it closed */
	index = memory->closed_row;
	row = bpf_map_lookup_elem(&closed_connections, &index);
	if (row && row->started_ns == memory->closed_started_ns && !row->reset) {
		row->reset = RESET_SENT;
		row->time_wait = 0;
	}
}

/*
 * The kernel leaves a program out where an interrupt in the middle of it leads to another run: a packet arrives while a
 * process changes the state of a socket. So each has an understudy that runs after it, and does what it could not. An
 * interrupt in the middle of the understudy finds the program itself at rest.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int before, int after)
{
	changed(sk, before, after, false);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_understudy, struct sock *sk, int before, int after)
{
	changed(sk, before, after, true);
	return 0;
}

/* the state before its end of a connection for which no program was run, or that there was no memory to remember */
static __always_inline int state_before(const struct sock *sk, const struct tcp_sock *tp)
{
	/* a listening socket makes one when the handshake is over; of one that connects, the SYN counts for a byte */
	return sk->sk_max_ack_backlog || tp->bytes_acked ? TCP_ESTABLISHED : TCP_SYN_SENT;
}

/*
 * The last that happens to a socket. Its connection is over long since, unless neither of the two programs above was run
 * for the change to CLOSE; when that was, and who began it, is not known then.
 */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(tcp_destroy_sock, struct sock *sk)
{
	struct connection_state *state;
	struct socket_memory *memory;
	struct tcp_socket *socket;
	struct control *ctl;
	struct tcp_sock *tp;
	int before;

	/* it was never connected, or is told */
	if (sk->sk_protocol != IPPROTO_TCP || !sk->__sk_common.skc_dport)
		return 0;
	memory = memory_of(sk, 0);
	if (memory && memory->state == TCP_CLOSE)
		return 0;
	ctl = get_control();
	state = get_connection_state();
	tp = bpf_skc_to_tcp_sock(sk);
	if (!ctl || !state || !tp)
		return 0;
	socket = known_socket(memory, (__u64)sk);
	/* it had a place, and the walk has told its end: see untold_end() */
	if (!socket && memory && memory->place && !memory->unplaced)
		return 0;
	before = socket ? last_seen(socket, memory->state) : state_before(sk, tp);
	if (!socket)
		socket = closing(ctl, state, sk, before, memory && memory->unplaced, true);
	/* closing() may have made it */
	memory = memory_of(sk, 0);
	if (!memory)
		return 0;
	memory->state = TCP_CLOSE;
	wait_no_more(state, memory);
	if (!socket)
		return 0;
	/* a packet would not end it now: a process is at work on it, and closes it */
	if (sk->sk_lock.owned)
		closes_side(sk, socket);
	finish(ctl, state, sk, memory, socket, before);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(owner_executes, struct task_struct *thread)
{
	may_let_go(thread->tgid);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(owner_exits, struct task_struct *thread)
{
	/* lowered before this */
	if (!BPF_CORE_READ(thread, signal, live.counter))
		may_let_go(thread->tgid);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_receive_reset, struct sock *sk)
{
	reset_received(sk);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(receive_understudy, struct sock *sk)
{
	reset_received(sk);
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_send_reset, struct sock *sk)
{
	reset_sent(sk);
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(send_understudy, struct sock *sk)
{
	reset_sent(sk);
	return 0;
}
