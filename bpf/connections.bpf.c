// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * TCP connections: the open ones by a walk over all sockets at the end of each
 * interval, those that closed in it by their last change of state. No work per
 * packet, and none per send or receive: the kernel's own counters are read.
 */
#include "connection.bpf.h"
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAX_OPEN 65536
#define MAX_CLOSED 32768

struct connection {
	__u64 id;
	__u64 started_ns;	/* monotonic clock */
	__u64 ended_ns;		/* 0: open */
	__u64 connect_ns;
	__u64 sent;		/* since the last walk */
	__u64 received;
	__u64 total_sent;
	__u64 total_received;
	__u32 rtt_us;
	__u32 retransmits;
	__u32 epoch;
	__u32 owner;
	__u16 family;
	__u16 local_port;
	__u16 remote_port;
	__u16 error;		/* errno of a connect that failed */
	__u8 state;		/* the last before it closed */
	__u8 direction;
	__u8 older;
	__u8 local[16];		/* IPv4 in the first four bytes */
	__u8 remote[16];
	char name[16];
};

/* the open ones, written anew by each walk */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_OPEN);
	__type(key, __u32);
	__type(value, struct connection);
} open_connections SEC(".maps");

/* those that closed in an interval */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * MAX_CLOSED);
	__type(key, __u32);
	__type(value, struct connection);
} closed_connections SEC(".maps");

struct connection_state {
	__u64 last_id;
	__u32 open_used;	/* rows handed out by this walk, also beyond the end */
	__u32 closed_used[2];	/* the same for each half */
	__u64 lost_no_row;	/* closed connections without a row */
	__u64 lost_no_socket;	/* connections without memory for their state */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct connection_state);
} connection_state SEC(".maps");

static __always_inline struct connection_state *get_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&connection_state, &zero);
}

static __always_inline void begin(struct connection_state *state, struct tcp_socket *socket)
{
	__builtin_memset(socket, 0, sizeof(*socket));
	socket->started_ns = bpf_ktime_get_ns();
	socket->id = __sync_fetch_and_add(&state->last_id, 1) + 1;
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

	row->id = socket->id;
	row->started_ns = socket->started_ns;
	row->connect_ns = socket->connect_ns;
	row->rtt_us = tp->srtt_us >> 3;	/* kept in eighths */
	row->retransmits = tp->total_retrans;
	row->owner = socket->owner;
	row->direction = socket->direction;
	row->older = socket->older;
	__builtin_memcpy(row->name, socket->name, sizeof(row->name));
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
}

/* a connection ended: its last row */
static __always_inline void closed(struct control *ctl, struct connection_state *state, struct sock *sk,
				   struct tcp_socket *socket, int last_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct connection *row;
	__u32 epoch = ctl->epoch, index;

	if (!tp || !epoch)
		return;
	if (socket->owner && !watched(ctl, socket->owner))
		return;
	index = __sync_fetch_and_add(&state->closed_used[epoch & 1], 1);
	if (index >= MAX_CLOSED)
		goto lost;
	index += (epoch & 1) * MAX_CLOSED;
	row = bpf_map_lookup_elem(&closed_connections, &index);
	if (!row)
		goto lost;
	__builtin_memset(row, 0, sizeof(*row));
	describe(row, sk, tp, socket);
	row->ended_ns = bpf_ktime_get_ns();
	row->state = last_state;
	if (last_state == TCP_SYN_SENT)
		row->error = sk->sk_err;
	row->total_sent = bytes_sent(tp);
	row->total_received = bytes_received(sk, tp);
	row->sent = row->total_sent - socket->sent;
	row->received = row->total_received - socket->received;
	row->epoch = epoch;
	return;
lost:
	__sync_fetch_and_add(&state->lost_no_row, 1);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int before, int after)
{
	struct connection_state *state;
	struct control *ctl;
	struct tcp_socket *socket;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	ctl = get_control();
	state = get_state();
	if (!ctl || !state)
		return 0;

	switch (after) {
	case TCP_SYN_SENT:
		socket = bpf_sk_storage_get(&tcp_sockets, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!socket)
			goto lost;
		begin(state, socket);
		socket->direction = DIRECTION_OUTBOUND;
		set_owner(socket, bpf_get_current_task_btf());
		return 0;
	case TCP_ESTABLISHED:
		socket = bpf_sk_storage_get(&tcp_sockets, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!socket)
			goto lost;
		if (!socket->id) {
			/* in softirq: whoever accepts or uses it will own it */
			begin(state, socket);
			socket->direction = DIRECTION_INBOUND;
		} else if (socket->direction == DIRECTION_OUTBOUND && !socket->connect_ns) {
			socket->connect_ns = bpf_ktime_get_ns() - socket->started_ns;
		}
		return 0;
	}

	socket = bpf_sk_storage_get(&tcp_sockets, sk, 0, 0);
	if (!socket || !socket->id)
		return 0;
	/* these two happen only in the process that closes its side */
	if (!socket->owner && ((before == TCP_ESTABLISHED && after == TCP_FIN_WAIT1) ||
			       (before == TCP_CLOSE_WAIT && after == TCP_LAST_ACK)))
		set_owner(socket, bpf_get_current_task_btf());
	if (after == TCP_CLOSE) {
		if (before != TCP_LISTEN)
			closed(ctl, state, sk, socket, before);
		socket->id = 0;
	}
	return 0;
lost:
	__sync_fetch_and_add(&state->lost_no_socket, 1);
	return 0;
}

/*
 * A row for every TCP socket that is connected or listens. User space asks for
 * a new pass each interval; within one, doing a socket twice changes nothing.
 */
SEC("iter/tcp")
int walk_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct connection_state *state;
	struct tcp_socket *socket;
	struct connection *row;
	struct tcp_sock *tp;
	struct control *ctl;
	struct sock *sk;
	__u64 sent, received;
	__u32 index;

	if (!common)
		return 0;
	/* not the small sockets of TIME_WAIT and of unanswered requests */
	tp = bpf_skc_to_tcp_sock(common);
	ctl = get_control();
	state = get_state();
	if (!tp || !ctl || !state)
		return 0;
	sk = &tp->inet_conn.icsk_inet.sk;
	if (sk->__sk_common.skc_state == TCP_CLOSE)
		return 0;
	socket = bpf_sk_storage_get(&tcp_sockets, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!socket) {
		__sync_fetch_and_add(&state->lost_no_socket, 1);
		return 0;
	}
	sent = bytes_sent(tp);
	received = bytes_received(sk, tp);
	if (!socket->id) {
		begin(state, socket);
		socket->older = 1;
		socket->sent = sent;
		socket->received = received;
	}
	if (socket->pass != ctl->pass) {
		socket->pass = ctl->pass;
		/* what was moved before the first interval is in the totals only */
		socket->sent_before = ctl->epoch ? socket->sent : sent;
		socket->received_before = ctl->epoch ? socket->received : received;
		socket->row = MAX_OPEN;
		socket->sent = sent;
		socket->received = received;
	}
	if (socket->owner && !watched(ctl, socket->owner))
		return 0;
	index = socket->row;
	if (index >= MAX_OPEN) {
		index = __sync_fetch_and_add(&state->open_used, 1);
		socket->row = index;
	}
	row = bpf_map_lookup_elem(&open_connections, &index);
	if (!row)
		return 0;	/* user space sees open_used beyond the end */
	__builtin_memset(row, 0, sizeof(*row));
	describe(row, sk, tp, socket);
	row->state = sk->__sk_common.skc_state;
	row->total_sent = socket->sent;
	row->total_received = socket->received;
	row->sent = socket->sent - socket->sent_before;
	row->received = socket->received - socket->received_before;
	return 0;
}

/* for sockets without a known owner: the process that has it open */
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
	if (!socket || socket->owner)
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
