/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What is remembered of a TCP socket while it lives, in the socket itself.
 */
#ifndef EBPF_TOP_CONNECTION_BPF_H
#define EBPF_TOP_CONNECTION_BPF_H

#include "control.bpf.h"

enum direction {
	DIRECTION_UNKNOWN,	/* older than the tool: user space asks the listeners */
	DIRECTION_OUTBOUND,
	DIRECTION_INBOUND,
};

struct tcp_socket {
	__u64 id;		/* of its connection; 0: no connection yet */
	__u64 started_ns;	/* when it began, or was first seen */
	__u64 connect_ns;	/* SYN to established; 0: not known */
	/* totals at the last walk over all sockets, and at the one before it */
	__u64 sent;
	__u64 sent_before;
	__u64 received;
	__u64 received_before;
	__u32 pass;		/* number of that last walk */
	__u32 row;		/* row written then */
	__u32 owner;		/* process; 0: not known */
	__u8 direction;
	__u8 older;		/* than the tool */
	char name[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tcp_socket);
} tcp_sockets SEC(".maps");

/* the process that acts on the socket now is the one that holds it */
static __always_inline void set_owner(struct tcp_socket *socket, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	BPF_CORE_READ_STR_INTO(&socket->name, leader, comm);
	socket->owner = task->tgid;
}

#endif
