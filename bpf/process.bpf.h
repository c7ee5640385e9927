/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Rows of processes, shared by all tracers: one row per process and interval
 * (two where threads raced to make it; user space adds them up).
 */
#ifndef EBPF_TOP_PROCESS_BPF_H
#define EBPF_TOP_PROCESS_BPF_H

#include "control.bpf.h"
#include "identity.bpf.h"
#include "interruptions.h"
#include "preemption.bpf.h"

#define MAX_PROCESSES 8192
#define NO_PROCESS MAX_PROCESSES

struct process {
	__u64 started_ns;	/* since boot; with the pid it names a process for good */
	__u32 pid;
	__u32 epoch;
	__u32 exited;
	__u32 parent;
	char name[16];
	__u64 tcp_sent;
	__u64 tcp_received;
	__u64 udp_sent;
	__u64 udp_received;
	__u64 other_sent;	/* raw and other IP protocols */
	__u64 other_received;
	__u64 group;		/* control groups, see identity.bpf.h; 0: not known */
	struct command command;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct process);
} processes SEC(".maps");

struct process_state {
	__u32 used[2];		/* rows handed out in each half, see next_row */
	__u64 registers_at;	/* in the stack of each thread; 0: the hooks of system calls have not told */
	__u64 lost_splices;	/* splices out of a socket that are in no row */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_state);
} process_state SEC(".maps");

/* what is known of a thread */
struct task {
	__u64 entered_ns;	/* start of the call it is in; 0: not known */
	__u32 call;		/* that call, see syscalls.bpf.h */
	__u32 filter_generation;/* the filter under which it began */
	/*
	 * Row of its process: epoch << 32 | index. One word, so that another
	 * thread never sees half of it.
	 */
	__u64 row;
	/*
	 * The connect call it is in: 0: nothing was sent yet; 1: its SYN was;
	 * else 2 + index of the row of the closed connection that it became,
	 * which waits for its error number.
	 */
	__u32 connecting;
	/* the call that a signal interrupted, see interruptions.h */
	struct interrupted interrupted;
};

/*
 * Threads, each in the slot that the address of its registers falls to: those of
 * system calls lie at the same place in the kernel stack of every thread. Their
 * hooks are told it, so that finding the slot takes no call of a helper. A thread
 * takes its slot when it enters a system call, and gives it back when it ends;
 * nobody else looks into it meanwhile. Where another has it, the thread is in
 * `tasks`: nothing is lost by that but time.
 */
#define TASK_SLOT_BITS 14

struct task_slot {
	__u64 owner;		/* key of its thread, see key_of; 0: free */
	__u64 thread;		/* address of its task_struct */
	struct task task;
} __attribute__((aligned(64)));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);	/* begins at a page: a slot is one cache line */
	__uint(max_entries, 1 << TASK_SLOT_BITS);
	__type(key, __u32);
	__type(value, struct task_slot);
} task_slots SEC(".maps");

/* threads without a slot; and of the first thread of each process its row, for the others */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task);
} tasks SEC(".maps");

static __always_inline struct process_state *get_process_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&process_state, &zero);
}

static __always_inline struct task_slot *slot_at(const void *key)
{
	__u32 index = index_of(key, TASK_SLOT_BITS);

	return bpf_map_lookup_elem(&task_slots, &index);
}

/* the slot of the thread with these registers, if it has one */
static __always_inline struct task_slot *slot_with(struct pt_regs *regs)
{
	struct task_slot *slot = slot_at(regs);

	return slot && slot->owner == (__u64)regs ? slot : NULL;
}

/* the address of a thread's registers, or of the thread itself where the hooks of system calls do not tell the former */
static __always_inline __u64 key_of(struct task_struct *thread)
{
	struct process_state *state = get_process_state();

	return state && state->registers_at ? (__u64)thread->stack + state->registers_at : (__u64)thread;
}

/* what is known of the thread that runs, NULL if nothing is; `flags`: those of bpf_task_storage_get */
static __always_inline struct task *task_of(struct task_struct *thread, __u64 flags)
{
	__u64 key = key_of(thread);
	struct task_slot *slot = slot_at((void *)key);

	if (slot && slot->owner == key)
		return &slot->task;
	return bpf_task_storage_get(&tasks, thread, 0, flags);
}

/* a free slot becomes that of the thread that runs; not so if it would be looked for elsewhere */
static __always_inline bool take_slot(struct task_slot *slot, struct task_struct *thread, struct pt_regs *regs,
				      __u64 key)
{
	struct process_state *state = get_process_state();
	__u64 registers_at;

	if (!state || __sync_val_compare_and_swap(&slot->owner, 0, key))
		return false;
	if (regs) {
		/* read back, since the verifier knows pointers, and takes no unknown number from them */
		registers_at = *(volatile __u64 *)&slot->owner - (__u64)thread->stack;
		if (!state->registers_at)
			state->registers_at = registers_at;
		if (state->registers_at != registers_at) {
			slot->owner = 0;
			return false;
		}
	}
	slot->thread = (__u64)thread;
	return true;
}

/*
 * The same as task_of for a thread that enters a system call. Only there is a slot
 * taken, so that the end of the call finds what its begin wrote. Before the first
 * interval none is: user space sees by its own calls whether there is memory for
 * `tasks`, and whether programs are preempted. `regs`: NULL where the hook does not
 * have them.
 */
static __always_inline struct task *entering_task(const struct control *ctl, struct task_struct *thread,
						  struct pt_regs *regs)
{
	__u64 key = regs ? (__u64)regs : (__u64)thread;
	struct task_slot *slot = slot_at((void *)key);

	if (slot && ctl->epoch && (slot->owner == key || (!slot->owner && take_slot(slot, thread, regs, key))))
		return &slot->task;
	if (!ctl->epoch)
		look_at_preemption(thread);
	return task_of(thread, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* the thread ends: its slot is free */
static __always_inline void leave_slot(struct task_struct *thread)
{
	__u64 key = key_of(thread);
	struct task_slot *slot = slot_at((void *)key);

	if (!slot || slot->owner != key)
		return;
	__builtin_memset(&slot->task, 0, sizeof(slot->task));
	/* emptied before it is free (full barrier) */
	__sync_val_compare_and_swap(&slot->owner, key, 0);
}

static __always_inline struct process *process_at(__u32 epoch, __u32 index)
{
	index += (epoch & 1) * MAX_PROCESSES;
	return bpf_map_lookup_elem(&processes, &index);
}

/* a new row in this interval, NO_PROCESS if there is no room */
static __noinline __u32 new_process(__u32 epoch, struct task_struct *leader)
{
	struct process_state *state = get_process_state();
	struct process *process;
	__u32 index;

	if (!state)
		return NO_PROCESS;
	index = next_row(&state->used[epoch & 1], MAX_PROCESSES);
	if (index >= MAX_PROCESSES)
		return NO_PROCESS;
	process = process_at(epoch, index);
	if (!process)
		return NO_PROCESS;
	__builtin_memset(process, 0, sizeof(*process));
	process->started_ns = BPF_CORE_READ(leader, start_boottime);
	process->pid = BPF_CORE_READ(leader, tgid);
	process->parent = BPF_CORE_READ(leader, real_parent, tgid);
	process->group = current_group();
	read_command(&process->command, epoch);
	BPF_CORE_READ_STR_INTO(&process->name, leader, comm);
	/* the row is whole before its number gets out (full barrier) */
	__sync_fetch_and_add(&process->epoch, epoch);
	return index;
}

/*
 * The row of the process that runs, as another thread of it knows it already, or a
 * new one; `make`: also where nothing of the process was seen yet. Not static, so
 * that the verifier goes through it once for each program, not for each call: to
 * follow a pointer in a task it searches all types of the kernel, which takes
 * milliseconds.
 */
__noinline __u32 find_process(__u32 epoch, __u32 make)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
	struct task *first = bpf_task_storage_get(&tasks, leader, 0, make ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	__u32 index;

	if (!first)
		return NO_PROCESS;
	if (first->row >> 32 == epoch)
		return (__u32)first->row;
	index = new_process(epoch, leader);
	if (index >= MAX_PROCESSES)
		return NO_PROCESS;
	first->row = (__u64)epoch << 32 | index;
	return index;
}

/* the row of the process of the thread that runs in this interval, made if need be */
static __always_inline __u32 process_of(__u32 epoch, struct task *task)
{
	__u64 row = task->row;
	__u32 index;

	if (row >> 32 == epoch)
		return (__u32)row;
	index = find_process(epoch, 1);
	if (index < MAX_PROCESSES)
		task->row = (__u64)epoch << 32 | index;
	return index;
}

#endif
