/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Walks that user space asks for: over all TCP sockets, at the end of each
 * interval, and over all open files, for sockets whose holder is not known.
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

/* one bit per process id: those that ended and were owners; somebody else may hold their sockets */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PID_LIMIT / 64);
	__type(key, __u32);
	__type(value, __u64);
} ended_owners SEC(".maps");

/* what can still be told of a socket that is older than the tool */
static __always_inline void older(struct tcp_socket *socket, struct sock *sk, int state)
{
	struct accepted accepted = {};
	__u64 address = (__u64)sk;

	/* connections have it from the socket that listened; those that connect themselves have none */
	if (state == TCP_LISTEN || !sk->sk_max_ack_backlog)
		return;
	socket->direction = DIRECTION_INBOUND;
	if (sk->sk_socket || (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT))
		socket->accepted_pass = LONG_AGO;
	else
		bpf_map_update_elem(&accepts, &address, &accepted, BPF_ANY);
}

/*
 * A row for every TCP socket that is connected or listens. User space asks for
 * a new pass each interval; within one, doing a socket twice changes nothing.
 */
SEC("iter/tcp")
int walk_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	__u32 index, drops, seen_state;
	struct connection_state *state;
	struct tcp_socket *socket;
	struct connection *row;
	struct tcp_sock *tp;
	struct control *ctl;
	struct sock *sk;
	__u64 sent, received;

	if (!common)
		return 0;
	/* not the small sockets of TIME_WAIT and of unanswered requests */
	tp = bpf_skc_to_tcp_sock(common);
	ctl = get_control();
	state = get_connection_state();
	if (!tp || !ctl || !state)
		return 0;
	sk = &tp->inet_conn.icsk_inet.sk;
	seen_state = sk->__sk_common.skc_state;
	/* in SYN_RECV it is about to become a connection, of which established() tells */
	if (seen_state == TCP_CLOSE || seen_state == TCP_SYN_RECV)
		return 0;
	socket = bpf_sk_storage_get(&tcp_sockets, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!socket) {
		__sync_fetch_and_add(&state->lost_no_socket, 1);
		return 0;
	}
	sent = bytes_sent(tp);
	received = bytes_received(sk, tp);
	drops = sk->sk_drops.counter;
	if (!socket->id) {
		begin(state, socket);
		socket->older = 1;
		older(socket, sk, seen_state);
		socket->sent = sent;
		socket->received = received;
		socket->drops = drops;
	}
	if (socket->pass != ctl->pass) {
		socket->pass = ctl->pass;
		/* what was moved before the first interval is in the totals only */
		socket->sent_before = ctl->epoch ? socket->sent : sent;
		socket->received_before = ctl->epoch ? socket->received : received;
		socket->drops_before = socket->drops;
		socket->sent = sent;
		socket->received = received;
		socket->drops = drops;
		socket->row = NO_ROW;
		if (!socket->opened_pass)
			socket->opened_pass = ctl->pass;
	}
	if (of_others(ctl, sk, socket))
		return 0;
	if (socket->row == NO_ROW)
		socket->row = __sync_fetch_and_add(&state->open_used, 1);
	index = socket->row;
	row = bpf_map_lookup_elem(&open_connections, &index);
	if (!row)
		return 0;	/* user space sees open_used beyond the end */
	__builtin_memset(row, 0, sizeof(*row));
	describe(row, sk, tp, socket);
	if (is_accepted(row, socket) && !socket->accepted_pass)
		socket->accepted_pass = ctl->pass;
	row->accepted = socket->accepted_pass == ctl->pass;
	row->opened = socket->opened_pass == ctl->pass && !socket->older;
	row->state = seen_state;
	row->total_sent = socket->sent;
	row->total_received = socket->received;
	row->sent = socket->sent - socket->sent_before;
	row->received = socket->received - socket->received_before;
	if (seen_state == TCP_LISTEN) {
		row->receive_queue = sk->sk_ack_backlog;
		row->send_queue = sk->sk_max_ack_backlog;
		row->drops = socket->drops - socket->drops_before;
	} else {
		describe_queues(row, tp, seen_state);
	}
	return 0;
}

static __always_inline bool has_ended(__u32 owner)
{
	__u32 index = owner / 64;
	__u64 *word = bpf_map_lookup_elem(&ended_owners, &index);

	return word && (*word >> (owner % 64) & 1);
}

/* for sockets whose owner is not known, or has ended: the process that has it open */
SEC("iter/task_file")
int walk_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct tcp_socket *socket;
	struct connection *row;
	struct socket *sock;
	struct control *ctl;
	struct sock *sk;
	__u32 index;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	ctl = get_control();
	if (!sock || !ctl)
		return 0;
	sk = sock->sk;
	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	socket = bpf_sk_storage_get(&tcp_sockets, sk, 0, 0);
	if (!socket || (socket->owner && !has_ended(socket->owner)))
		return 0;
	set_owner(socket, task);
	index = socket->row;
	row = bpf_map_lookup_elem(&open_connections, &index);
	if (row && socket->pass == ctl->pass && row->id == socket->id) {
		row->owner = socket->owner;
		__builtin_memcpy(row->name, socket->name, sizeof(row->name));
	}
	return 0;
}

#endif
