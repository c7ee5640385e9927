/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Rows of single system calls that took long. Their number in an interval is
 * limited by the room for them, so that they can never become the load; what
 * is beyond is counted.
 */
#ifndef EBPF_TOP_SLOW_CALLS_BPF_H
#define EBPF_TOP_SLOW_CALLS_BPF_H

#include "process.bpf.h"

#define MAX_SLOW_CALLS 4096

struct slow_call {
	__u64 started_ns;	/* monotonic clock */
	__u64 duration_ns;
	__s64 result;
	__u32 pid;
	__u32 tid;
	__u32 call;		/* as in struct calls */
	char name[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * MAX_SLOW_CALLS);
	__type(key, __u32);
	__type(value, struct slow_call);
} slow_calls SEC(".maps");

struct slow_call_state {
	__u32 used[2];		/* rows handed out in each half, see next_row */
	__u64 lost;		/* slow calls without a row */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slow_call_state);
} slow_call_state SEC(".maps");

static __noinline void tell_slow_call(__u32 epoch, __u32 call, __u64 started, __u64 duration, __s64 result)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct slow_call_state *state;
	struct slow_call *row;
	__u32 zero = 0, index;

	state = bpf_map_lookup_elem(&slow_call_state, &zero);
	if (!state)
		return;
	index = next_row(&state->used[epoch & 1], MAX_SLOW_CALLS);
	if (index >= MAX_SLOW_CALLS)
		goto lost;
	index += (epoch & 1) * MAX_SLOW_CALLS;
	row = bpf_map_lookup_elem(&slow_calls, &index);
	if (!row)
		goto lost;
	row->started_ns = started;
	row->duration_ns = duration;
	row->result = result;
	row->pid = thread->tgid;
	row->tid = thread->pid;
	row->call = call;
	BPF_CORE_READ_STR_INTO(&row->name, thread, group_leader, comm);
	return;
lost:
	__sync_fetch_and_add(&state->lost, 1);
}

#endif
