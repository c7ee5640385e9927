/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What a tracer for ebpf-top is written with: docs/tracers.md. It needs nothing
 * but clang. Whoever has other headers, such as vmlinux.h and those of libbpf,
 * includes them before this one.
 */
#ifndef EBPF_TOP_BPF_H
#define EBPF_TOP_BPF_H

#ifndef __VMLINUX_H__
#ifndef _LINUX_TYPES_H
typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
#endif
#ifndef __cplusplus
typedef _Bool bool;
#define true 1
#define false 0
#endif
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif

#ifndef __BPF_HELPERS__
#define SEC(name) __attribute__((section(name), used))
#define __always_inline inline __attribute__((always_inline))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static __u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static __u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*bpf_get_current_comm)(void *buf, __u32 size_of_buf) = (void *)16;
static __u64 (*bpf_get_current_cgroup_id)(void) = (void *)80;
static long (*bpf_probe_read_kernel)(void *dst, __u32 size, const void *unsafe_ptr) = (void *)113;
static long (*bpf_probe_read_kernel_str)(void *dst, __u32 size, const void *unsafe_ptr) = (void *)115;
#endif

/*
 * What a value is. A number of another type is shown as it is. EB_NONE in one
 * of 64 bits: not known.
 */
typedef __u32 eb_pid;		/* a process, which rows are joined with the name of */
typedef __u32 eb_tgid;		/* the same, as the kernel calls it */
typedef __u64 eb_ns;		/* a duration */
typedef __u64 eb_bytes;
typedef __u64 eb_counter;	/* of events */
typedef __s64 eb_gauge;		/* a level, which is not added up */
typedef __u32 eb_ipv4;		/* in network byte order */
typedef struct {
	__u8 bytes[16];
} eb_ipv6;
typedef __u16 eb_port;		/* in the byte order of this machine */
typedef __s32 eb_errno;		/* 2 and -2 are ENOENT; 0: none */
typedef __u32 eb_syscall;
typedef __u32 eb_signal;
typedef __u64 eb_cgroup;	/* its id */
typedef __u32 eb_device;	/* dev_t */

#define EB_NONE (1ULL << 63)

/* how a field is shown, behind its declaration: __u64 waits EB_LABEL("WAITS"); */
#if __has_attribute(btf_decl_tag)
#define EB_TAG(text) __attribute__((btf_decl_tag("eb:" text)))
#else
#define EB_TAG(text)
#endif
#define EB_LABEL(text) EB_TAG("label=" text)
#define EB_WIDTH(cells) EB_TAG("width=" #cells)
#define EB_HIDDEN EB_TAG("hidden")
#define EB_SORT EB_TAG("sort")

#include "histogram.bpf.h"

struct eb_histogram {
	__u64 sum;
	__u64 max;
	__u32 buckets[OCTAVES * OCTAVE_BUCKETS];
};

/* what ebpf-top tells */
struct eb_control {
	__u32 epoch;		/* number of the interval; 0: count nothing yet */
	__u32 self;		/* process that is not traced: ebpf-top */
	__u32 filter_on;	/* trace only what eb_pids holds */
	__u32 unused;
};

struct {
	__uint(type, 2);	/* BPF_MAP_TYPE_ARRAY */
	__uint(map_flags, 1U << 10);	/* BPF_F_MMAPABLE */
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct eb_control);
} eb_control SEC(".maps");

/* one bit per process id */
struct {
	__uint(type, 2);
	__uint(map_flags, 1U << 10);
	__uint(max_entries, (1U << 22) / 64);
	__type(key, __u32);
	__type(value, __u64);
} eb_pids SEC(".maps");

struct eb_state {
	__u32 used[2];		/* rows of the even and of the odd interval */
	__u64 lost;		/* events without a row */
};

/* whether a process is to be traced: whoever counts asks first */
static __always_inline bool eb_watched(__u32 tgid)
{
	__u32 zero = 0, index = tgid / 64;
	struct eb_control *control = bpf_map_lookup_elem(&eb_control, &zero);
	__u64 *word;

	if (!control || !control->epoch || tgid == control->self)
		return false;
	if (!control->filter_on)
		return true;
	word = bpf_map_lookup_elem(&eb_pids, &index);
	return word && (*word >> (tgid % 64) & 1);
}

/* the process that runs */
static __always_inline __u32 eb_current(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline void *eb_row_in(void *map, struct eb_state *state, __u32 half, const void *key, const void *zero)
{
	void *row = bpf_map_lookup_elem(map, key);

	if (row)
		return row;
	/* another processor may make the same row now */
	if (!bpf_map_update_elem(map, key, zero, 1 /* BPF_NOEXIST */))
		__sync_fetch_and_add(&state->used[half], 1);
	row = bpf_map_lookup_elem(map, key);
	if (!row)
		__sync_fetch_and_add(&state->lost, 1);
	return row;
}

/*
 * A table of an interval. NAME_row(&key) is the row of a key, full of zeros if
 * it is new; NULL, which is counted as lost, where no row is left. Whoever calls
 * it in an interval has its event in the sample of that interval, in that one
 * alone: what is found is written at once, by atomic operations.
 */
#define EB_TABLE(name, key_type, value_type, rows)							\
	struct {											\
		__uint(type, 1); /* BPF_MAP_TYPE_HASH */						\
		__uint(max_entries, rows);								\
		__type(key, key_type);									\
		__type(value, value_type);								\
	} name SEC(".maps"), name##_odd SEC(".maps");							\
	struct {											\
		__uint(type, 2);									\
		__uint(map_flags, 1U << 10);								\
		__uint(max_entries, 1);									\
		__type(key, __u32);									\
		__type(value, struct eb_state);								\
	} name##_state SEC(".maps");									\
	static const value_type name##_zero;								\
	/* an event that is in no row of it */								\
	__attribute__((unused)) static __always_inline void name##_lost(void)				\
	{												\
		__u32 zero = 0;										\
		struct eb_state *state = bpf_map_lookup_elem(&name##_state, &zero);			\
													\
		if (state)										\
			__sync_fetch_and_add(&state->lost, 1);						\
	}												\
	__attribute__((unused)) static __always_inline value_type *name##_row(const key_type *key)	\
	{												\
		__u32 zero = 0, epoch;									\
		struct eb_control *control = bpf_map_lookup_elem(&eb_control, &zero);			\
		struct eb_state *state = bpf_map_lookup_elem(&name##_state, &zero);			\
													\
		if (!control || !state)									\
			return NULL;									\
		epoch = *(volatile __u32 *)&control->epoch;						\
		if (!epoch)										\
			return NULL;									\
		return epoch & 1 ? eb_row_in(&name##_odd, state, 1, key, &name##_zero) :		\
				   eb_row_in(&name, state, 0, key, &name##_zero);			\
	}

#define EB_ADD(counter, amount) __sync_fetch_and_add(&(counter), amount)

/* raises a number that other processors raise as well */
static __always_inline void eb_raise(__u64 *max, __u64 value)
{
	__u64 seen = *max, before;
	int i;

	for (i = 0; i < 64 && value > seen; i++) {
		before = __sync_val_compare_and_swap(max, seen, value);
		if (before == seen)
			return;
		seen = before;
	}
}

/* one duration */
static __always_inline void eb_record(struct eb_histogram *histogram, __u64 ns)
{
	__u32 bucket = histogram_bucket(ns);

	if (bucket < OCTAVES * OCTAVE_BUCKETS)
		__sync_fetch_and_add(&histogram->buckets[bucket], 1);
	__sync_fetch_and_add(&histogram->sum, ns);
	eb_raise(&histogram->max, ns);
}

#endif
