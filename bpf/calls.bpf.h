/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Rows of system calls: one per process, call and interval.
 */
#ifndef EBPF_TOP_CALLS_BPF_H
#define EBPF_TOP_CALLS_BPF_H

#include "process.bpf.h"
#include "histogram.bpf.h"

#define MAX_CALLS 32768
/* more than any table has */
#define NUMBERS 512
/* stands for every number that no table has */
#define UNKNOWN_NUMBER 0xffff
/* error numbers told apart in a row; further ones are in its errors only */
#define MAX_FAILURES 4

struct failure {
	__u32 number;		/* errno; 0: free */
	__u32 count;
};

/* calls of one process to one system call in one interval */
struct calls {
	__u32 process;		/* index of its row */
	__u32 call;		/* number, and COMPAT_BIT for the 32-bit table */
	__u32 epoch;
	__u32 errors;
	__u32 untimed;		/* calls whose begin was not seen, or no octave left for: in none of the members below but failures */
	__u32 twin;		/* 1 + index of the row for the same number of the other table; 0: not known */
	__u64 sum_ns;
	__u64 max_ns;
	struct failure failures[MAX_FAILURES];
	__u64 touched;		/* octaves that it has counts of, as bits */
	__u32 octaves[OCTAVES];	/* 1 + index of these counts; 0: there are none */
	TOLD_BY_BTF(call_bits);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * MAX_CALLS);
	__type(key, __u32);
	__type(value, struct calls);
} calls SEC(".maps");

#define MAX_OCTAVES 65536

/* how many calls of a row fell into each bucket of one octave; few rows have any of more than three */
struct octave {
	__u32 counts[OCTAVE_BUCKETS];
	TOLD_BY_BTF(octaves_from);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * MAX_OCTAVES);
	__type(key, __u32);
	__type(value, struct octave);
} octaves SEC(".maps");

struct syscall_state {
	__u32 used[2];		/* rows handed out in each half, see next_row */
	__u32 octaves_used[2];	/* the same of octaves */
	__u64 lost_no_row;	/* calls not counted: all rows of the interval taken */
	__u64 lost_no_task;	/* calls not counted: no memory for their start */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct syscall_state);
} syscall_state SEC(".maps");

/*
 * Where the row of (process, number) was last seen, of whichever table; that of the other one is its twin. Only a hint: the
 * row itself says whose it is, so nothing here is ever cleared. There is one for every row that there can be, so that none
 * is made twice for want of it.
 */
struct row_hints {
	__u16 row[NUMBERS + 1];	/* the last: UNKNOWN_NUMBER */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct row_hints);
} row_hints SEC(".maps");

static __always_inline struct syscall_state *get_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&syscall_state, &zero);
}

/* the call as rows name it: its number, and which table that is of */
static __always_inline __u32 call_of(struct task_struct *task, long number)
{
	__u32 call = plain_number(number);

	if (in_compat_call(task))
		return (call < NUMBERS ? call : UNKNOWN_NUMBER) | COMPAT_BIT;
	return call < NUMBERS ? call : UNKNOWN_NUMBER;
}

static __always_inline struct calls *calls_at(__u32 epoch, __u32 index)
{
	index += (epoch & 1) * MAX_CALLS;
	return bpf_map_lookup_elem(&calls, &index);
}

static __always_inline bool is_row_of(const struct calls *row, __u32 epoch, __u32 process, __u32 call)
{
	return row->epoch == epoch && row->process == process && row->call == call;
}

static __noinline __u32 new_row(__u32 epoch, __u32 process, __u32 call)
{
	struct syscall_state *state = get_state();
	struct calls *row;
	__u32 index;

	if (!state)
		return MAX_CALLS;
	index = next_row(&state->used[epoch & 1], MAX_CALLS);
	if (index >= MAX_CALLS)
		goto lost;
	row = calls_at(epoch, index);
	if (!row)
		goto lost;
	__builtin_memset(row, 0, sizeof(*row));
	row->process = process;
	row->call = call;
	/* the row is whole before its number gets out (full barrier) */
	__sync_fetch_and_add(&row->epoch, epoch);
	return index;
lost:
	__sync_fetch_and_add(&state->lost_no_row, 1);
	return MAX_CALLS;
}

/* where the hint leads to no row, or to that of the other table: seldom, so out of the way of all others */
static __noinline struct calls *unhinted_row(__u32 epoch, __u32 process, __u32 call, __u16 *hint)
{
	struct calls *hinted = calls_at(epoch, *hint), *row;
	__u32 index;

	if (hinted && !is_row_of(hinted, epoch, process, call ^ COMPAT_BIT))
		hinted = NULL;
	if (hinted && hinted->twin) {
		row = calls_at(epoch, hinted->twin - 1);
		if (row && is_row_of(row, epoch, process, call))
			return row;
	}
	index = new_row(epoch, process, call);
	if (index >= MAX_CALLS)
		return NULL;
	if (hinted)
		hinted->twin = index + 1;
	else
		*hint = index;
	return calls_at(epoch, index);
}

/*
 * The row of (process, call) in this interval. Threads that race to make it may
 * make two: both are read, and added up by user space.
 */
static __always_inline struct calls *row_of(__u32 epoch, __u32 process, __u32 call)
{
	struct row_hints *hints = bpf_map_lookup_elem(&row_hints, &process);
	__u32 number = call & (2 * NUMBERS - 1);
	struct calls *row;
	__u16 *hint;

	if (!hints)
		return NULL;
	hint = &hints->row[number < NUMBERS ? number : NUMBERS];
	row = calls_at(epoch, *hint);
	if (row && is_row_of(row, epoch, process, call))
		return row;
	return unhinted_row(epoch, process, call, hint);
}

static __always_inline void count_error(struct calls *row, __u32 number)
{
	struct failure *failure;
	__u32 seen;
	int i;

	__sync_fetch_and_add(&row->errors, 1);
	for (i = 0; i < MAX_FAILURES; i++) {
		failure = &row->failures[i];
		seen = failure->number;
		if (!seen)
			seen = __sync_val_compare_and_swap(&failure->number, 0, number);
		if (!seen || seen == number) {
			__sync_fetch_and_add(&failure->count, 1);
			return;
		}
	}
}

/* a row has no counts of this octave yet; NULL: there is no room for them */
static __noinline struct octave *new_octave(__u32 epoch, struct calls *row, __u32 number)
{
	struct syscall_state *state = get_state();
	struct octave *octave;
	__u32 index, before;

	if (!state || number >= OCTAVES)
		return NULL;
	index = next_row(&state->octaves_used[epoch & 1], MAX_OCTAVES);
	if (index >= MAX_OCTAVES)
		return NULL;
	index += (epoch & 1) * MAX_OCTAVES;
	octave = bpf_map_lookup_elem(&octaves, &index);
	if (!octave)
		return NULL;
	__builtin_memset(octave, 0, sizeof(*octave));
	before = __sync_val_compare_and_swap(&row->octaves[number], 0, index + 1);
	if (before) {
		/* another thread was first */
		index = before - 1;
		return bpf_map_lookup_elem(&octaves, &index);
	}
	__sync_fetch_and_or(&row->touched, 1ULL << number);
	return octave;
}

static __always_inline void count_duration(__u32 epoch, struct calls *row, __u64 duration)
{
	__u32 bucket = histogram_bucket(duration), number = bucket / OCTAVE_BUCKETS, index;
	struct octave *octave;

	/* the verifier does not see that it is */
	if (number >= OCTAVES)
		return;
	index = row->octaves[number] - 1;
	octave = bpf_map_lookup_elem(&octaves, &index);
	if (!octave)
		octave = new_octave(epoch, row, number);
	if (!octave) {
		__sync_fetch_and_add(&row->untimed, 1);
		return;
	}
	__sync_fetch_and_add(&octave->counts[bucket % OCTAVE_BUCKETS], 1);
	__sync_fetch_and_add(&row->sum_ns, duration);
	raise_to(&row->max_ns, duration);
}

#endif
