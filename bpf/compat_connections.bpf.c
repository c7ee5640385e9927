// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Compatible mode: when TCP connections begin, are established and end, from the
 * record of the kernel's tracepoint. The counters of sockets come from inet_diag.
 */
#include "compat.bpf.h"

enum {
	COMPAT_UNKNOWN,
	COMPAT_OUTBOUND,
	COMPAT_INBOUND,
};

enum {
	COMPAT_CLOSER_LOCAL = 1,
	COMPAT_CLOSER_REMOTE,
};

struct compat_socket {
	__u64 started_ns;	/* monotonic clock; 0: it is older than the tool */
	__u64 connect_ns;	/* SYN to established; 0: not known */
	__u64 ended_ns;
	__u32 owner;		/* process; 0: not known */
	__u16 family;
	__u16 local_port;
	__u16 remote_port;
	__u8 direction;
	__u8 established;	/* it is, or was */
	__u8 state;		/* the last before it closed */
	__u8 closer;		/* who ended it first; 0: not known */
	__u8 local[16];		/* IPv4 in the first four bytes */
	__u8 remote[16];
	char name[16];
};

/* those that live, by the address of the socket */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct compat_socket);
} compat_sockets SEC(".maps");

struct compat_closed_key {
	__u64 socket;
	__u64 ended_ns;		/* a socket can close more than once in an interval */
};

/* those that closed in an interval */
struct compat_closed_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct compat_closed_key);
	__type(value, struct compat_socket);
};

struct compat_closed_map closed_even SEC(".maps");
struct compat_closed_map closed_odd SEC(".maps");

/* /sys/kernel/tracing/events/sock/inet_sock_set_state/format since 5.6 */
struct state_record {
	__u64 common;
	__u64 socket;
	int before;
	int after;
	__u16 local_port;
	__u16 remote_port;
	__u16 family;
	__u16 protocol;
	__u8 local[4];
	__u8 remote[4];
	__u8 local_v6[16];
	__u8 remote_v6[16];
};

/* and before that: the protocol was one byte, and what follows stood one byte earlier */
#define OLD_SHIFT 1

static __always_inline void describe(struct compat_socket *socket, const struct state_record *ctx, __u32 shift)
{
	socket->family = ctx->family;
	socket->local_port = ctx->local_port;
	socket->remote_port = ctx->remote_port;
	if (ctx->family == AF_INET6) {
		bpf_probe_read(socket->local, 16, ctx->local_v6 - shift);
		bpf_probe_read(socket->remote, 16, ctx->remote_v6 - shift);
	} else {
		bpf_probe_read(socket->local, 4, ctx->local - shift);
		bpf_probe_read(socket->remote, 4, ctx->remote - shift);
	}
}

static __always_inline void owned_by_current(struct compat_socket *socket)
{
	socket->owner = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(socket->name, sizeof(socket->name));
}

static __always_inline void describe_from(struct compat_control *ctl, struct compat_socket *socket,
					  const struct state_record *ctx)
{
	if (ctl->old_state_record)
		describe(socket, ctx, OLD_SHIFT);
	else
		describe(socket, ctx, 0);
}

static __always_inline long begun(struct compat_control *ctl, const struct state_record *ctx, __u64 address,
				  __u8 direction)
{
	struct compat_socket socket = {};

	socket.started_ns = bpf_ktime_get_ns();
	socket.direction = direction;
	if (direction == COMPAT_OUTBOUND)
		owned_by_current(&socket);
	/* one that a listening socket has just made is not told its ends yet */
	if (ctx->before != TCP_LISTEN)
		describe_from(ctl, &socket, ctx);
	if (ctx->after == TCP_ESTABLISHED)
		socket.established = 1;
	return bpf_map_update_elem(&compat_sockets, &address, &socket, BPF_ANY);
}

static __always_inline void established(struct compat_control *ctl, struct compat_socket *socket,
					const struct state_record *ctx)
{
	socket->established = 1;
	if (socket->direction == COMPAT_OUTBOUND && !socket->connect_ns)
		socket->connect_ns = bpf_ktime_get_ns() - socket->started_ns;
	describe_from(ctl, socket, ctx);
}

static __always_inline long ended(struct compat_control *ctl, const struct state_record *ctx, __u64 address,
				  const struct compat_socket *known)
{
	struct compat_closed_key key = { .socket = address };
	struct compat_socket socket = {};

	if (known)
		__builtin_memcpy(&socket, known, sizeof(socket));
	/* when it began to connect, it may not have had a port yet */
	if (!known || ctx->before == TCP_SYN_SENT || ctx->before == TCP_SYN_RECV)
		describe_from(ctl, &socket, ctx);
	if (!known)
		socket.established = ctx->before != TCP_SYN_SENT && ctx->before != TCP_SYN_RECV;
	socket.ended_ns = key.ended_ns = bpf_ktime_get_ns();
	socket.state = ctx->before;
	bpf_map_delete_elem(&compat_sockets, &address);
	if (!ctl->epoch)
		return 0;
	COUNT_MADE(made_ends);
	if (ctl->epoch & 1)
		return bpf_map_update_elem(&closed_odd, &key, &socket, BPF_ANY);
	return bpf_map_update_elem(&closed_even, &key, &socket, BPF_ANY);
}

static __always_inline long changed(struct compat_control *ctl, const struct state_record *ctx)
{
	struct compat_socket *socket;
	__u64 address = ctx->socket;

	socket = bpf_map_lookup_elem(&compat_sockets, &address);
	switch (ctx->after) {
	case TCP_SYN_SENT:
		return begun(ctl, ctx, address, COMPAT_OUTBOUND);
	case TCP_SYN_RECV:
		return ctx->before == TCP_LISTEN ? begun(ctl, ctx, address, COMPAT_INBOUND) : 0;
	case TCP_ESTABLISHED:
		if (!socket)
			return begun(ctl, ctx, address, COMPAT_INBOUND);
		established(ctl, socket, ctx);
		return 0;
	case TCP_CLOSE:
		return ended(ctl, ctx, address, socket);
	}
	if (!socket)
		return 0;
	/* Fast Open: a server may close it before its handshake is over, and its peer with its SYN */
	if (ctx->before == TCP_SYN_RECV)
		established(ctl, socket, ctx);
	if (ctx->before == TCP_ESTABLISHED || ctx->before == TCP_SYN_RECV)
		socket->closer = ctx->after == TCP_CLOSE_WAIT ? COMPAT_CLOSER_REMOTE : COMPAT_CLOSER_LOCAL;
	/* these happen only in the process that closes its side */
	if (!socket->owner && (((ctx->before == TCP_ESTABLISHED || ctx->before == TCP_SYN_RECV) &&
				ctx->after == TCP_FIN_WAIT1) ||
			       (ctx->before == TCP_CLOSE_WAIT && ctx->after == TCP_LAST_ACK)))
		owned_by_current(socket);
	return 0;
}

SEC("tp/sock/inet_sock_set_state")
int compat_set_state(struct state_record *ctx)
{
	struct compat_control *ctl = get_control();
	struct compat_state *state = get_state();

	if (!ctl || !state)
		return FOR_OTHERS_TOO;
	/* not IPPROTO_MPTCP, whose lower byte is the same; that byte is all there is of it in the record before MPTCP came */
	if ((ctl->old_state_record ? ctx->protocol & 0xff : ctx->protocol) != IPPROTO_TCP)
		return FOR_OTHERS_TOO;
	if (ctx->after == TCP_LISTEN || (ctx->before == TCP_LISTEN && ctx->after != TCP_SYN_RECV))
		return FOR_OTHERS_TOO;
	if (changed(ctl, ctx))
		__sync_fetch_and_add(&state->lost_connections, 1);
	return FOR_OTHERS_TOO;
}
