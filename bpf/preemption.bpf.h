/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Whether the kernel preempts programs on raw tracepoints. If so, it leaves out
 * what other threads do on that processor until the program goes on.
 */
#ifndef EBPF_TOP_PREEMPTION_BPF_H
#define EBPF_TOP_PREEMPTION_BPF_H

#include "arch.bpf.h"

struct preemption {
	__u32 preempted;	/* 0: not, or not looked at yet */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct preemption);
} preemption SEC(".maps");

/* where it preempts them, the kernel keeps their threads on their processor, which else it need not do */
static __noinline void look_at_preemption(struct task_struct *thread)
{
	struct preemption *seen;
	__u32 zero = 0;

	seen = bpf_map_lookup_elem(&preemption, &zero);
	if (seen && bpf_core_field_exists(thread->migration_disabled))
		seen->preempted = thread->migration_disabled > 0;
}

#endif
