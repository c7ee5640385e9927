/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What user space tells the tracers. All objects share these maps.
 *
 * Time is cut into intervals, numbered by `epoch`. Whatever is counted in an
 * interval goes into rows of that interval, which live in the half `epoch & 1`
 * of their map. User space ends an interval by raising `epoch`; after an RCU
 * grace period no program still writes to the old half, and it is read at rest.
 */
#ifndef EBPF_TOP_CONTROL_BPF_H
#define EBPF_TOP_CONTROL_BPF_H

#include "arch.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct control {
	__u32 epoch;		/* 0: not started, count nothing */
	__u32 self;		/* process never traced: the tool itself */
	__u32 filter_on;	/* trace only what pid_filter holds */
	__u32 filter_generation;/* raised whenever the filter changes */
	__u32 pass;		/* number of the current walk over sockets */
	__u32 greeting;		/* a call with this number tells, before the first interval, which process the tool is; 0: none */
	__u32 greeter;		/* that process; 0: nobody called */
	__u64 slow_ns;		/* calls that take this long are told one by one; 0: none */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} control SEC(".maps");

/* one bit per process id; PID_MAX_LIMIT of 64-bit kernels is 2^22 */
#define PID_LIMIT (1U << 22)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PID_LIMIT / 64);
	__type(key, __u32);
	__type(value, __u64);
} pid_filter SEC(".maps");

static __always_inline struct control *get_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

static __always_inline bool watched(const struct control *ctl, __u32 tgid)
{
	__u32 index = tgid / 64;
	__u64 *word;

	if (tgid == ctl->self)
		return false;
	if (!ctl->filter_on)
		return true;
	word = bpf_map_lookup_elem(&pid_filter, &index);
	return word && (*word >> (tgid % 64) & 1);
}

/* an index of so many bits for an address in the kernel, of things that lie a multiple of 64 bytes apart */
static __always_inline __u32 index_of(const void *object, int bits)
{
	__u32 low;

	/* the verifier knows that a register holds a pointer, and lets no bits of it be moved, but does let them be copied */
	asm volatile("%0 = %1" : "=w"(low) : "w"((__u32)(__u64)object));
	return (low >> 6) * 2654435769U >> (32 - bits);
}

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/*
 * The next of so many rows; `room`, or more, where there is none. What was handed out never comes round to the first row
 * again, however many ask for one, and however long nobody reads: user space may be stopped.
 */
static __always_inline __u32 next_row(__u32 *handed_out, __u32 room)
{
	return *(volatile __u32 *)handed_out >= room ? room : __sync_fetch_and_add(handed_out, 1);
}

/* raise *max to value, whichever CPUs do so at once */
static __always_inline void raise_to(__u64 *max, __u64 value)
{
	__u64 seen = *max;
	__u64 before;
	int i;

	/* each failure means that another CPU raised it meanwhile */
	for (i = 0; i < 64 && value > seen; i++) {
		before = __sync_val_compare_and_swap(max, seen, value);
		if (before == seen)
			return;
		seen = before;
	}
}

#endif
