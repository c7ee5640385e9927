/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The walk over all open files, for sockets whose holder is not known, or may have let
 * go of them.
 */
#ifndef EBPF_TOP_FILE_WALK_BPF_H
#define EBPF_TOP_FILE_WALK_BPF_H

#include "open_sockets.bpf.h"

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

#endif
