/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The end of a socket: who began it, from which state, and its last row.
 */
#ifndef EBPF_TOP_SOCKET_ENDS_BPF_H
#define EBPF_TOP_SOCKET_ENDS_BPF_H

#include "process.bpf.h"
#include "socket_row.bpf.h"

/*
 * Whether a connection that closes goes on as a small socket that waits in TIME_WAIT: it sent its FIN first. One that
 * nobody holds is replaced before the peer's FIN has come. A reset that follows the change of state takes it back.
 */
static __always_inline bool goes_to_time_wait(const struct sock *sk, const struct tcp_socket *socket, int last_state)
{
	return (last_state == TCP_CLOSING || last_state == TCP_FIN_WAIT2) && !sk->sk_err && !socket->reset;
}

/* a handshake of others that was never over is no connection */
static __always_inline bool is_told(const struct tcp_socket *socket)
{
	return socket->established || socket->direction != DIRECTION_INBOUND;
}

/* the state before the end of a socket that nobody told, by the last that was seen; 0: none was */
static __always_inline int last_seen(const struct tcp_socket *socket, int state)
{
	if (state)
		return state;
	return socket->established ? TCP_ESTABLISHED : TCP_SYN_SENT;
}

/*
 * The last row of a socket that ended, and in *index which one it is; NULL: it is not told, or there was no row. The end
 * is now.
 */
static __always_inline struct connection *tell_closed(struct control *ctl, struct connection_state *state,
						      const struct tcp_sock *tp, struct tcp_socket *socket,
						      int last_state, __u32 *index)
{
	struct counters counters;
	struct connection *row;

	if (!ctl->epoch || of_others(ctl, socket))
		return NULL;
	/* its interval is chosen before the totals of the last walk are read, as how-it-works.md explains */
	row = new_closed(state, ctl->epoch, index);
	if (!row)
		return NULL;
	describe(row, tp, socket);
	read_counters(&counters, tp);
	row->ended_ns = bpf_ktime_get_ns();
	row->state = last_state;
	row->time_wait = goes_to_time_wait(&tp->inet_conn.icsk_inet.sk, socket, last_state);
	row->total_sent = sent_of(&counters);
	row->total_received = received_of(&counters);
	if (!socket->unread) {
		row->sent = row->total_sent - socket->sent;
		row->received = row->total_received - socket->received;
	}
	if (last_state == TCP_LISTEN)
		describe_listener(row, tp, &counters, socket->drops);
	row->opened = !socket->opened_pass && !socket->older;
	row->accepted = is_accepted(row, socket) && !socket->accepted_pass;
	return row;
}

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

/* the state before its end of a connection for which no program was run, or that there was no memory to remember */
static __always_inline int state_before(const struct sock *sk, const struct tcp_sock *tp)
{
	/* a listening socket makes one when the handshake is over; of one that connects, the SYN counts for a byte */
	return sk->sk_max_ack_backlog || tp->bytes_acked ? TCP_ESTABLISHED : TCP_SYN_SENT;
}

#endif
