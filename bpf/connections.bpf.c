// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * TCP connections: the open ones by a walk over all sockets at the end of each
 * interval (socket_walks.bpf.h), those that closed in it by their last change of
 * state (socket_ends.bpf.h). No work per packet, and none per send or receive: the kernel's own
 * counters are read.
 */
#include "file_walk.bpf.h"
#include "socket_begins.bpf.h"
#include "socket_ends.bpf.h"
#include "socket_walks.bpf.h"

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
