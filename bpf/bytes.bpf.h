/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Counting of bytes that a process sent or received, whichever hook tells them.
 */
#ifndef EBPF_TOP_BYTES_BPF_H
#define EBPF_TOP_BYTES_BPF_H

#include "process.bpf.h"
#include "connection.bpf.h"
#include "records.h"

struct byte_state {
	__u64 lost;		/* sends and receives not counted: no row or no memory */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct byte_state);
} byte_state SEC(".maps");

static __always_inline struct process *current_process(struct control *ctl, struct task_struct *thread)
{
	struct byte_state *state;
	struct process *process;
	struct task *task;
	__u32 zero = 0, index;

	task = task_of(thread, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (task) {
		index = process_of(ctl->epoch, task);
		process = process_at(ctl->epoch, index);
		if (index < MAX_PROCESSES && process)
			return process;
	}
	state = bpf_map_lookup_elem(&byte_state, &zero);
	if (state)
		__sync_fetch_and_add(&state->lost, 1);
	return NULL;
}

/* this process moved bytes over a socket, and so has it */
static __always_inline void moved_by(struct sock *sk, __u16 protocol, struct task_struct *thread)
{
	struct tcp_socket *socket;

	if (protocol == IPPROTO_MPTCP) {
		mptcp_used_by((__u64)sk, thread);
	} else if (protocol == IPPROTO_TCP) {
		socket = find_socket(sk);
		if (socket && (socket->unused || !knows_owner(&socket->owner, thread)))
			used_by(socket, thread);
	}
}

/* an IP socket moved bytes: make its owner known, and say which process it was */
static __always_inline struct process *moved(struct sock *sk, __u16 protocol)
{
	struct control *ctl = get_control();
	struct task_struct *thread;

	if (!ctl || !ctl->epoch)
		return NULL;
	thread = bpf_get_current_task_btf();
	moved_by(sk, protocol, thread);
	return watched(ctl, thread->tgid) ? current_process(ctl, thread) : NULL;
}

static __always_inline bool is_ip(const struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return family == AF_INET || family == AF_INET6;
}

/* adds to the sum of its protocol */
static __always_inline void count(__u16 protocol, int length, __u64 *tcp, __u64 *udp, __u64 *other)
{
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)
		__sync_fetch_and_add(tcp, length);
	else if (protocol == IPPROTO_UDP)
		__sync_fetch_and_add(udp, length);
	else
		__sync_fetch_and_add(other, length);
}

static __always_inline void count_sent(struct process *process, __u16 protocol, int length)
{
	count(protocol, length, &process->tcp_sent, &process->udp_sent, &process->other_sent);
}

static __always_inline void count_received(struct process *process, __u16 protocol, int length)
{
	count(protocol, length, &process->tcp_received, &process->udp_received, &process->other_received);
}

static __always_inline int sent(struct sock *sk, int length)
{
	__u16 protocol = sk->sk_protocol;
	struct process *process;

	if (length <= 0 || !is_ip(sk))
		return 0;
	process = moved(sk, protocol);
	if (process)
		count_sent(process, protocol, length);
	return 0;
}

static __always_inline int received(struct sock *sk, int length, int flags)
{
	__u16 protocol = sk->sk_protocol;
	struct process *process;

	if (length <= 0 || !taken_out(flags) || !is_ip(sk))
		return 0;
	process = moved(sk, protocol);
	if (process)
		count_received(process, protocol, length);
	return 0;
}

#endif
