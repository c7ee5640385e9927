/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What is remembered of a TCP socket while it lives, in the socket itself, and
 * the rows of connections that closed.
 */
#ifndef EBPF_TOP_CONNECTION_BPF_H
#define EBPF_TOP_CONNECTION_BPF_H

#include "mptcp.bpf.h"

enum direction {
	DIRECTION_UNKNOWN,	/* older than the tool: user space asks the listeners */
	DIRECTION_OUTBOUND,
	DIRECTION_INBOUND,
};

enum closer {
	CLOSER_NONE,
	CLOSER_LOCAL,
	CLOSER_REMOTE,
};

enum reset {
	RESET_NONE,
	RESET_SENT,
	RESET_RECEIVED,
};

/* ends that told the other to send nothing more for now, as bits */
enum zero_window {
	ZERO_WINDOW_LOCAL = 1,
	ZERO_WINDOW_REMOTE = 2,
};

/* what is remembered of a TCP socket while its connection lives, or while it listens */
struct tcp_socket {
	__u64 address;		/* of its struct tcp_sock; 0: this place is free */
	__u64 cookie;		/* the kernel's name of the socket, in case that another one lies there now */
	__u64 id;		/* of its connection; 0: that is over, and the next walk frees the place */
	__u64 started_ns;	/* when it began, or was first seen */
	__u64 established_ns;	/* inbound: since then accept may take it; 0: not yet, or not seen */
	__u64 accepted_ns;	/* 0: not yet, or not seen */
	__u64 mptcp;		/* address of the MPTCP socket that it belongs to; 0: none */
	__u64 listener;		/* inbound: id of the listening socket that made it; 0: not known */
	/* totals at the last walk over all sockets */
	__u64 sent;
	__u64 received;
	__u32 drops;		/* the same, of a listening socket */
	__u32 handshake_us;	/* SYN received to established; 0: not known */
	__u32 pass;		/* number of that last walk */
	__u32 row;		/* row written then */
	__u32 opened_pass;	/* walk that first saw it; 0: none */
	__u32 accepted_pass;	/* walk that first saw it accepted; 0: none */
	__u32 shut_pass;	/* walk that first saw it closed though nobody had told that; 0: none */
	__u32 namespace;
	__u8 direction;
	__u8 older;		/* than the tool */
	__u8 unread;		/* what it moved before it was first seen is not known yet */
	__u8 joined;		/* a further subflow of a connection by MPTCP: nobody accepts it */
	__u8 established;	/* it is, or was; one that accept returned is, whether its handshake is over or not */
	__u8 deferred;		/* accept waits for its first bytes (TCP_DEFER_ACCEPT) */
	__u8 taken;		/* by accept, however that was called */
	__u8 unused;		/* its owner accepted it, and did nothing with it yet */
	__u8 closer;
	__u8 reset;
	struct owner owner;	/* see owner_of */
};

/* accepted_pass of a connection that was accepted before it was first seen */
#define LONG_AGO (~0U)

/*
 * They lie one behind the other, so that the walk needs no help of the kernel to find them, nor its list of all sockets,
 * which is mostly empty places. User space decides how many there is room for. Programs that tell of sockets take places;
 * only the walk frees them, so that it never meets another connection at a place than the one it began with.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tcp_socket);
} tcp_sockets SEC(".maps");

/* places that were freed */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, __u32);
} free_places SEC(".maps");

/* what is kept in the socket itself, as long as it exists */
struct socket_memory {
	__u64 address;		/* of that socket; another one: this is a copy, see memory_of */
	__u64 id;		/* of its connection, or as a listening socket; of the last one that it had */
	__u64 listener;		/* id of the listening socket that made it; 0: none did, or it is not known */
	__u64 maker;		/* address of that, which is there as long as it makes this one */
	__u32 place;		/* 1 + index of its tcp_socket; 0: it had none yet */
	__u32 closed_row;	/* of its connection that closed last */
	__u64 closed_started_ns;/* when that one began; 0: none closed */
	__u8 state;		/* after the last change that was seen; 0: none was */
	__u8 unplaced;		/* when its connection began there was no place for it */
	__u8 waits;		/* it is among those that state->waiting counts */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_memory);
} socket_memories SEC(".maps");

/*
 * What is kept in a socket that nobody else works on; NULL: nothing is. `flags`: those of bpf_sk_storage_get. The kernel
 * gives a socket that a listening one makes a copy of what is kept in that: so it knows by which of those that share a
 * port it was made.
 */
static __always_inline struct socket_memory *memory_of(struct sock *sk, __u64 flags)
{
	struct socket_memory *memory = bpf_sk_storage_get(&socket_memories, sk, 0, flags);
	__u64 listener, maker;

	if (!memory || memory->address == (__u64)sk)
		return memory;
	listener = memory->id;
	maker = memory->address;
	__builtin_memset(memory, 0, sizeof(*memory));
	memory->listener = listener;
	memory->maker = maker;
	memory->address = (__u64)sk;
	return memory;
}

static __always_inline struct tcp_socket *socket_at(__u32 place)
{
	return bpf_map_lookup_elem(&tcp_sockets, &place);
}

/* the connection of a socket that is at `address`; NULL: there is none, or it is over */
static __always_inline struct tcp_socket *known_socket(const struct socket_memory *memory, __u64 address)
{
	struct tcp_socket *socket;

	if (!memory || !memory->place)
		return NULL;
	socket = socket_at(memory->place - 1);
	return socket && socket->address == address && socket->id ? socket : NULL;
}

/*
 * Where sockets were found last, by a part of their addresses: each send and receive asks for one, and this takes no call
 * of a helper. Only a hint: the place itself says whose it is.
 */
#define HINT_BITS 14

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << HINT_BITS);
	__type(key, __u32);
	__type(value, __u32);
} place_hints SEC(".maps");

static __always_inline struct tcp_socket *find_socket(struct sock *sk)
{
	__u64 address = (__u64)sk;
	__u32 index = index_of(sk, HINT_BITS);
	__u32 *hint = bpf_map_lookup_elem(&place_hints, &index);
	struct socket_memory *memory;
	struct tcp_socket *socket;

	socket = hint ? socket_at(*hint) : NULL;
	if (socket && socket->address == address && socket->id)
		return socket;
	memory = bpf_sk_storage_get(&socket_memories, sk, 0, 0);
	socket = known_socket(memory, address);
	if (socket && hint)
		*hint = memory->place - 1;
	return socket;
}

/* of an MPTCP socket, all subflows have the same */
static __always_inline struct owner *owner_of(struct tcp_socket *socket)
{
	struct owner *owner = socket->mptcp ? mptcp_owner(socket->mptcp) : NULL;

	return owner ? owner : &socket->owner;
}

/* this process acts on the socket, and so has it */
static __always_inline void used_by(struct tcp_socket *socket, struct task_struct *task)
{
	struct owner *owner = owner_of(socket);

	if (may_own(owner, task) && !(socket->mptcp && task->flags & PF_KTHREAD) && !knows_owner(owner, task))
		set_owner(owner, task);
	socket->unused = 0;
}

/*
 * Places of inbound connections, and of listening sockets, by the address of their socket, for the accept call: of file
 * descriptors a program finds the address but no pointer that leads to what the socket remembers. Without an entry, for
 * want of memory, the time in the accept queue is not known; nothing is lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18);
	__type(key, __u64);
	__type(value, __u32);
} accepts SEC(".maps");

/* a listening socket, or an inbound connection that nobody has accepted yet; it has its place */
static __always_inline void await_accept(struct sock *sk)
{
	struct socket_memory *memory = bpf_sk_storage_get(&socket_memories, sk, 0, 0);
	__u64 address = (__u64)sk;
	__u32 place;

	if (!memory)
		return;
	place = memory->place - 1;
	bpf_map_update_elem(&accepts, &address, &place, BPF_ANY);
}

/*
 * Connections that waited in the accept queue of a listening socket when that was found, by the address of their socket:
 * its id. Those that it makes later have it from memory_of.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 16);
	__type(key, __u64);
	__type(value, __u64);
} queued SEC(".maps");

/* the id of the listening socket that an inbound connection came to; 0: not known */
static __always_inline __u64 listener_of(struct tcp_socket *socket)
{
	__u64 address = socket->address, *listener;

	if (socket->listener || socket->accepted_pass == LONG_AGO)
		return socket->listener;
	listener = bpf_map_lookup_elem(&queued, &address);
	if (listener) {
		socket->listener = *listener;
		bpf_map_delete_elem(&queued, &address);
	}
	return socket->listener;
}

/*
 * Sockets whose connect failed after the call had returned, by the inode of their file. A call that only fetches the
 * error is not another failure.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} failed_connects SEC(".maps");

enum no_rtt {
	NO_RTT = ~0U,
};

/* a connection, or a listening socket, at the end of an interval or at its own end */
struct connection {
	__u64 id;
	__u64 started_ns;	/* monotonic clock */
	__u64 ended_ns;		/* 0: open */
	__u64 connect_ns;
	__u64 established_ns;	/* inbound: since then accept may take it */
	__u64 accepted_ns;	/* 0: not seen */
	__u64 owner_started_ns;	/* since boot; with the pid it names a process for good */
	__u64 sent;		/* since the last walk */
	__u64 received;
	__u64 total_sent;
	__u64 total_received;
	__u64 retransmitted;	/* payload bytes sent again since it began */
	__u64 listener;		/* inbound: id of the listening socket that made it; 0: not known */
	__u32 handshake_us;
	__u32 rtt_us;
	__u32 rtt_min_us;	/* NO_RTT: not measured yet */
	__u32 segments;
	__u32 retransmits;
	/* bytes not read yet, and not acknowledged yet; of a listening socket: its backlog, and the limit of that */
	__u32 receive_queue;
	__u32 send_queue;
	__u32 drops;
	__u32 total_drops;
	__u32 namespace;
	__u32 device;		/* index of the interface that it is bound to; 0: none */
	__u32 epoch;
	__u32 owner;
	__u16 family;
	__u16 local_port;
	__u16 remote_port;
	__u16 error;		/* errno of a connect that failed */
	__u8 state;		/* the last before it closed */
	__u8 direction;
	__u8 older;
	__u8 established;	/* it is, or was */
	__u8 opened;		/* it was in no row before */
	__u8 accepted;		/* it was in no row before as accepted */
	__u8 closer;
	__u8 reset;
	__u8 held;		/* by a process, through a descriptor */
	__u8 zero_window;
	__u8 busy;		/* somebody held its lock: totals are those of the last walk */
	__u8 mptcp;		/* a subflow of MPTCP, or a socket that listens for them */
	__u8 time_wait;		/* it closed, and the kernel still waits in TIME_WAIT */
	__u8 local[16];		/* IPv4 in the first four bytes */
	__u8 remote[16];
	char name[16];
	TOLD_BY_BTF(no_rtt);
};

/* those that closed in an interval; user space decides how many there is room for */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct connection);
} closed_connections SEC(".maps");

struct connection_state {
	__u64 last_id;
	__u32 open_room;	/* rows that there are, set by user space */
	__u32 closed_room;	/* the same for each half */
	__u32 open_used;	/* rows handed out by this walk, also beyond the end */
	__u32 closed_used[2];	/* rows handed out in each half, see next_row */
	__u32 places;		/* for sockets, set by user space */
	__u32 places_used;	/* those that were ever taken are the first */
	/* of a walk over places; user space sets both to 0 before it */
	__u32 next_place;	/* where its next part begins */
	__u32 busy;		/* sockets that it had to leave out */
	__u32 tries;		/* reads of one socket until it is left out, set by user space */
	__u32 tells;		/* walk_files tells sockets as well */
	__u32 final;		/* those left out are told with the totals of the last walk */
	__u32 waiting;		/* sockets that are open and for which there was no place */
	__u64 session;		/* of the walk_sockets that may tell; 0: of the first that asks, NO_SESSION: none may */
	__u64 lost_no_row;	/* closed connections without a row */
	__u64 lost_no_socket;	/* connections without memory for their state */
	__u64 lost_untold;	/* ends that only the walk found, too late: no program was run for them */
	__u64 stood_in;		/* changes of state that the understudy told, see connections.bpf.c */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct connection_state);
} connection_state SEC(".maps");

static __always_inline struct connection_state *get_connection_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&connection_state, &zero);
}

static __always_inline __u64 new_id(struct connection_state *state)
{
	return __sync_fetch_and_add(&state->last_id, 1) + 1;
}

/* an emptied row for a connection that closes now; *index says which */
static __always_inline struct connection *new_closed(struct connection_state *state, __u32 epoch, __u32 *index)
{
	struct connection *row;

	*index = next_row(&state->closed_used[epoch & 1], state->closed_room);
	if (*index >= state->closed_room)
		goto lost;
	*index += (epoch & 1) * state->closed_room;
	row = bpf_map_lookup_elem(&closed_connections, index);
	if (!row)
		goto lost;
	__builtin_memset(row, 0, sizeof(*row));
	row->epoch = epoch;
	row->rtt_min_us = NO_RTT;
	return row;
lost:
	__sync_fetch_and_add(&state->lost_no_row, 1);
	return NULL;
}

#endif
