/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Compatible mode: for kernels without type information (BTF), task storage or
 * mappable arrays, from 4.17 on. No struct of the kernel is read here, no loop is
 * made and no result of an atomic operation used; what is counted goes into hash
 * maps.
 *
 * Intervals are those of control.bpf.h. Each half is a map of its own: user space
 * reads and empties the one at rest while programs write to the other.
 */
#ifndef EBPF_TOP_COMPAT_BPF_H
#define EBPF_TOP_COMPAT_BPF_H

#include "arch.bpf.h"
#include "interruptions.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct compat_control {
	__u32 epoch;		/* 0: not started, count nothing */
	__u32 self;		/* process never traced: the tool itself */
	__u32 tool;		/* the tool, traced or not */
	__u32 filter_on;	/* trace only what compat_pids holds */
	__u32 filter_generation;/* raised whenever the filter changes */
	__u32 old_state_record;	/* see compat_connections.bpf.c */
	__u32 greeting;		/* see control.bpf.h */
	__u32 greeter;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct compat_control);
} compat_control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
} compat_pids SEC(".maps");

/* one process in one interval, by its id */
struct compat_process {
	__u64 tcp_sent;
	__u64 tcp_received;
	__u64 udp_sent;
	__u64 udp_received;
	__u64 other_sent;	/* raw and other IP protocols */
	__u64 other_received;
	__u32 exited;
	__u32 leader;		/* the name is that of its first thread */
	char name[16];
};

struct compat_processes {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct compat_process);
};

struct compat_processes processes_even SEC(".maps");
struct compat_processes processes_odd SEC(".maps");

/* what is known of a thread, by its id; it stays until the thread ends */
struct compat_thread {
	__u64 entered_ns;	/* start of the call it is in; 0: not known */
	__u32 call;
	__u32 filter_generation;/* the filter under which it began */
	__u32 moving;		/* it is in a send or receive that a kprobe saw: IPPROTO_*, or MOVING_OTHER */
	__u32 flags;		/* of that receive */
	struct interrupted interrupted;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct compat_thread);
} compat_threads SEC(".maps");

struct compat_state {
	__u64 lost_calls;	/* calls not counted: no room for a row or for a start */
	__u64 lost_bytes;	/* sends and receives not counted: no row, or their end not seen */
	__u64 lost_connections;	/* changes of state of connections without room for them */
	/* entries that were made, or not for want of room: user space sees by them how full a map is */
	__u64 made_processes;
	__u64 made_pairs;
	__u64 made_octaves;
	__u64 made_ends;
	__u32 status_offset;	/* STATUS_OFFSET or the newer one; 0: not known yet */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct compat_state);
} compat_state SEC(".maps");

static __always_inline struct compat_control *get_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&compat_control, &zero);
}

static __always_inline struct compat_state *get_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&compat_state, &zero);
}

static __always_inline bool watched(const struct compat_control *ctl, __u32 tgid)
{
	if (tgid == ctl->self)
		return false;
	return !ctl->filter_on || bpf_map_lookup_elem(&compat_pids, &tgid);
}

/*
 * Look up, or insert zeroes; NULL: no room. Whoever inserts first, all see one
 * entry. The second try is for kernels that give up on a lock that is taken.
 */
#define LOOKUP_OR_ZERO(map, key, type) ({				\
	type *entry_ = bpf_map_lookup_elem(map, key);			\
	if (!entry_) {							\
		type zero_;						\
		__builtin_memset(&zero_, 0, sizeof(zero_));		\
		if (bpf_map_update_elem(map, key, &zero_, BPF_NOEXIST))	\
			bpf_map_update_elem(map, key, &zero_, BPF_NOEXIST); \
		entry_ = bpf_map_lookup_elem(map, key);			\
	}								\
	entry_;								\
})

#define COUNT_MADE(counter) do {					\
	struct compat_state *state_ = get_state();			\
	if (state_)							\
		__sync_fetch_and_add(&state_->counter, 1);		\
} while (0)

/* the thread that runs now */
static __always_inline struct compat_thread *make_thread(__u32 tid)
{
	return LOOKUP_OR_ZERO(&compat_threads, &tid, struct compat_thread);
}

static __always_inline void name_process(struct compat_process *process, __u64 pid_tgid)
{
	if (process->leader)
		return;
	/* of another thread only until the first one does something, or user space asks /proc */
	if ((__u32)pid_tgid == pid_tgid >> 32)
		process->leader = 1;
	bpf_get_current_comm(process->name, sizeof(process->name));
}

/* the row of the current process in this interval, NULL if there is no room */
static __always_inline struct compat_process *make_process(__u32 epoch, __u64 pid_tgid)
{
	struct compat_process *process;
	__u32 tgid = pid_tgid >> 32;

	if (epoch & 1)
		process = bpf_map_lookup_elem(&processes_odd, &tgid);
	else
		process = bpf_map_lookup_elem(&processes_even, &tgid);
	if (!process) {
		COUNT_MADE(made_processes);
		if (epoch & 1)
			process = LOOKUP_OR_ZERO(&processes_odd, &tgid, struct compat_process);
		else
			process = LOOKUP_OR_ZERO(&processes_even, &tgid, struct compat_process);
	}
	if (process)
		name_process(process, pid_tgid);
	return process;
}

static __always_inline void lose_bytes(void)
{
	struct compat_state *state = get_state();

	if (state)
		__sync_fetch_and_add(&state->lost_bytes, 1);
}

#define MOVING_OTHER 1

static __always_inline void count_sent(struct compat_process *process, __u32 protocol, int length)
{
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)
		__sync_fetch_and_add(&process->tcp_sent, length);
	else if (protocol == IPPROTO_UDP)
		__sync_fetch_and_add(&process->udp_sent, length);
	else
		__sync_fetch_and_add(&process->other_sent, length);
}

static __always_inline void count_received(struct compat_process *process, __u32 protocol, int length)
{
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)
		__sync_fetch_and_add(&process->tcp_received, length);
	else if (protocol == IPPROTO_UDP)
		__sync_fetch_and_add(&process->udp_received, length);
	else
		__sync_fetch_and_add(&process->other_received, length);
}

#endif
