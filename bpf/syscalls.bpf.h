/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Count, errors, total, maximum and histogram of durations of every system
 * call, per process and call, whichever hook tells of its begin and end.
 */
#ifndef EBPF_TOP_SYSCALLS_BPF_H
#define EBPF_TOP_SYSCALLS_BPF_H

#include "process.bpf.h"
#include "histogram.bpf.h"
#include "slow_calls.bpf.h"
#include "socket_calls.bpf.h"

#define MAX_CALLS 32768
/* native calls have smaller numbers; anything else takes the slow path */
#define FAST_NUMBERS 512
/* stands for every number that no table has */
#define UNKNOWN_NUMBER 0xffff
#define COMPAT_BIT 0x10000
#define MAX_ERRNO 4095
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
	__u64 sum_ns;
	__u64 max_ns;
	struct failure failures[MAX_FAILURES];
	__u32 slots[HISTOGRAM_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * MAX_CALLS);
	__type(key, __u32);
	__type(value, struct calls);
} calls SEC(".maps");

struct syscall_state {
	__u32 used[2];		/* rows handed out in each half, also beyond its end */
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
 * Where the row of (process, number) was last seen. Only a hint: the row itself
 * says whose it is, so nothing here is ever cleared.
 */
struct row_hints {
	__u16 row[FAST_NUMBERS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct row_hints);
} row_hints SEC(".maps");

/* the same for numbers that are not in there */
struct slow_key {
	__u32 process;
	__u32 call;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct slow_key);
	__type(value, __u16);
} slow_row_hints SEC(".maps");

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
		return (call < FAST_NUMBERS ? call : UNKNOWN_NUMBER) | COMPAT_BIT;
	return call < FAST_NUMBERS ? call : UNKNOWN_NUMBER;
}

static __always_inline struct calls *calls_at(__u32 epoch, __u32 index)
{
	index += (epoch & 1) * MAX_CALLS;
	return bpf_map_lookup_elem(&calls, &index);
}

static __always_inline struct calls *known_row(__u32 epoch, __u32 process, __u32 call, __u32 index)
{
	struct calls *row = calls_at(epoch, index);

	if (row && row->epoch == epoch && row->process == process && row->call == call)
		return row;
	return NULL;
}

static __noinline __u32 new_row(__u32 epoch, __u32 process, __u32 call)
{
	struct syscall_state *state = get_state();
	struct calls *row;
	__u32 index;

	if (!state)
		return MAX_CALLS;
	index = __sync_fetch_and_add(&state->used[epoch & 1], 1);
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

/* where there is no hint for it: seldom, so out of the way of all others */
static __noinline struct calls *unhinted_row(__u32 epoch, __u32 process, __u32 call)
{
	struct slow_key key = { .process = process, .call = call };
	struct row_hints *hints;
	struct calls *row;
	__u16 *slow, hint;
	__u32 index;

	if (call >= FAST_NUMBERS) {
		slow = bpf_map_lookup_elem(&slow_row_hints, &key);
		row = slow ? known_row(epoch, process, call, *slow) : NULL;
		if (row)
			return row;
	}
	index = new_row(epoch, process, call);
	if (index >= MAX_CALLS)
		return NULL;
	hint = index;
	if (call >= FAST_NUMBERS) {
		/* without the hint the next call makes another row; nothing is lost */
		bpf_map_update_elem(&slow_row_hints, &key, &hint, BPF_ANY);
	} else {
		hints = bpf_map_lookup_elem(&row_hints, &process);
		if (hints)
			hints->row[call & (FAST_NUMBERS - 1)] = hint;
	}
	return calls_at(epoch, index);
}

/*
 * The row of (process, call) in this interval. Threads that race to make it may
 * make two: both are read, and added up by user space.
 */
static __always_inline struct calls *row_of(__u32 epoch, __u32 process, __u32 call)
{
	struct row_hints *hints;
	struct calls *row;

	if (call < FAST_NUMBERS) {
		hints = bpf_map_lookup_elem(&row_hints, &process);
		row = hints ? known_row(epoch, process, call, hints->row[call & (FAST_NUMBERS - 1)]) : NULL;
		if (row)
			return row;
	}
	return unhinted_row(epoch, process, call);
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

static __always_inline void call_begins(const struct control *ctl, struct task *task, __u32 call)
{
	task->call = call;
	task->filter_generation = ctl->filter_generation;
	task->entered_ns = bpf_ktime_get_ns();
}

/* `regs`, here and below: NULL where the hook does not have them */
static __always_inline int call_entered(struct pt_regs *regs, long number)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct control *ctl = get_control();
	struct syscall_state *state;
	struct task *task;

	if (!ctl || !watched(ctl, thread->tgid))
		return 0;
	task = entering_task(ctl, thread, regs);
	if (task) {
		call_begins(ctl, task, call_of(thread, number));
		return 0;
	}
	state = get_state();
	if (state)
		__sync_fetch_and_add(&state->lost_no_task, 1);
	return 0;
}

/* the same, without asking for the thread that runs where its slot tells it */
static __always_inline int call_entered_again(struct pt_regs *regs, long number)
{
	struct task_slot *slot = slot_with(regs);
	struct control *ctl = get_control();
	struct task_struct *thread;

	if (!slot || !ctl)
		return call_entered(regs, number);
	thread = bpf_rdonly_cast((void *)slot->thread, bpf_core_type_id_kernel(struct task_struct));
	if (watched(ctl, thread->tgid))
		call_begins(ctl, &slot->task, call_of(thread, number));
	return 0;
}

/* what its begin wrote, NULL if nothing; without a slot and under a filter only where the process is watched */
static __always_inline struct task *returning_task(const struct control *ctl, struct pt_regs *regs)
{
	struct task_slot *slot = regs ? slot_with(regs) : NULL;
	struct task_struct *thread;

	if (slot)
		return &slot->task;
	thread = bpf_get_current_task_btf();
	return ctl->filter_on && !watched(ctl, thread->tgid) ? NULL : task_of(thread, 0);
}

static __always_inline int call_returned(struct pt_regs *regs, long ret)
{
	struct control *ctl = get_control();
	struct syscall_state *state;
	__u64 entered, duration;
	__u32 epoch, process;
	struct calls *row;
	struct task *task;

	task = ctl ? returning_task(ctl, regs) : NULL;
	if (!task)
		return 0;
	/* a call that began unseen, or under another filter, is no event */
	entered = task->entered_ns;
	if (!entered)
		return 0;
	task->entered_ns = 0;
	epoch = ctl->epoch;
	if (!epoch || task->filter_generation != ctl->filter_generation)
		return 0;
	duration = bpf_ktime_get_ns() - entered;
	socket_call_returned(ctl, task, regs, entered, ret);
	if (ctl->slow_ns && duration >= ctl->slow_ns)
		tell_slow_call(epoch, task->call, entered, duration, ret);

	process = process_of(epoch, task);
	if (process >= MAX_PROCESSES) {
		state = get_state();
		if (state)
			__sync_fetch_and_add(&state->lost_no_row, 1);
		return 0;
	}
	row = row_of(epoch, process, task->call);
	if (!row)
		return 0;
	__sync_fetch_and_add(&row->slots[histogram_slot(duration)], 1);
	__sync_fetch_and_add(&row->sum_ns, duration);
	raise_to(&row->max_ns, duration);
	if (ret < 0 && ret >= -MAX_ERRNO)
		count_error(row, -ret);
	return 0;
}

#endif
