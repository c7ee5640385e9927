/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Who holds a socket: of the processes that have it open, the one that used it
 * last. Where that one may have let go of it, the next walks look who has it open.
 */
#ifndef EBPF_TOP_OWNERS_BPF_H
#define EBPF_TOP_OWNERS_BPF_H

#include "control.bpf.h"

struct owner {
	__u64 started_ns;	/* since boot; with the pid it names a process for good */
	__u32 pid;		/* 0: not known */
	__u32 left_pass;	/* first walk after it may have let go of the socket; 0: it did not */
	__u32 wanted_pass;	/* last walk that asked who has the socket open */
	__u32 found_pass;	/* last one whose search found somebody */
	__u32 pid_before;	/* when that search began */
	__u32 pid_found;	/* by it, until now */
	__u32 rank;		/* of that one */
	char name[16];
};

#define LEAVERS 4096

/*
 * Owners that may have let go of some of their sockets, by execve, close_range or their end: number in this order << 32 |
 * process. The last ones are there.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LEAVERS);
	__type(key, __u32);
	__type(value, __u64);
} leavers SEC(".maps");

enum marks {
	ALL_MARKED = ~0U,	/* all processes are marked: too many to tell them one by one */
};

struct doubt_state {
	__u32 leavers;		/* how many there ever were */
	__u32 marked;		/* processes in doubtful_owners, set by user space before a walk */
	__u32 wanted;		/* sockets whose holder the last walk asked for */
	TOLD_BY_BTF(marks);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct doubt_state);
} doubt_state SEC(".maps");

/* one bit per process id */
struct process_bits {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PID_LIMIT / 64);
	__type(key, __u32);
	__type(value, __u64);
};

/* those that were ever owner of a socket: the others need not be told of */
struct process_bits owners_ever SEC(".maps");

/* the leavers since the last walk, marked by user space */
struct process_bits doubtful_owners SEC(".maps");

static __always_inline struct doubt_state *get_doubt_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&doubt_state, &zero);
}

static __always_inline bool has_bit(void *bits, __u32 pid)
{
	__u32 index = pid / 64;
	__u64 *word = bpf_map_lookup_elem(bits, &index);

	return word && (*word >> (pid % 64) & 1);
}

static __always_inline void remember_owner(__u32 pid)
{
	__u32 index = pid / 64;
	__u64 *word = bpf_map_lookup_elem(&owners_ever, &index);

	if (word && !(*word >> (pid % 64) & 1))
		__sync_fetch_and_or(word, 1ULL << (pid % 64));
}

/* this process may have let go of some of its sockets */
static __always_inline void may_let_go(__u32 pid)
{
	struct doubt_state *state = get_doubt_state();
	__u32 number, index;
	__u64 *leaver;

	if (!state || !has_bit(&owners_ever, pid))
		return;
	number = __sync_fetch_and_add(&state->leavers, 1);
	index = number % LEAVERS;
	leaver = bpf_map_lookup_elem(&leavers, &index);
	if (leaver)
		*leaver = (__u64)(number + 1) << 32 | pid;
}

/* it is known that this process is the owner, under the name that it has by now */
static __always_inline bool knows_owner(const struct owner *owner, struct task_struct *thread)
{
	struct task_struct *leader = thread->group_leader;
	const __u64 *was = (const __u64 *)owner->name;
	const __u64 *is = (const __u64 *)leader->comm;

	return owner->pid == thread->tgid && owner->started_ns == leader->start_boottime && was[0] == is[0] &&
	       was[1] == is[1];
}

/* the process that acts on the socket now is the one that holds it */
static __always_inline void set_owner(struct owner *owner, struct task_struct *task)
{
	BPF_CORE_READ_INTO(&owner->name, task, group_leader, comm);
	owner->started_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	if (owner->pid != task->tgid)
		remember_owner(task->tgid);
	owner->pid = task->tgid;
}

/* threads of the kernel act for others: only what is nobody's is theirs */
static __always_inline bool may_own(const struct owner *owner, struct task_struct *task)
{
	return !(task->flags & PF_KTHREAD) || !owner->pid;
}

/* walks that look for a holder each, after it may have let go: a call is told when it begins, and may end after the first */
#define SURE_WALKS 2
/* and for one that is not found, as a descriptor on its way to another process; after that seldom */
#define PATIENT_WALKS 8

/* whether this walk has to ask who has a socket open; it is for the search to answer that */
static __always_inline bool is_doubtful(const struct control *ctl, struct owner *owner)
{
	struct doubt_state *state = get_doubt_state();
	__u32 age;
	bool missing;

	if (!state)
		return false;
	if (state->marked && owner->pid && (state->marked == ALL_MARKED || has_bit(&doubtful_owners, owner->pid)))
		owner->left_pass = ctl->pass;
	if (!owner->pid && !owner->left_pass)
		owner->left_pass = ctl->pass;
	age = ctl->pass - owner->left_pass;
	/* told while this walk is under way: for the next one */
	if (!owner->left_pass || (__s32)age < 0)
		return false;
	missing = owner->wanted_pass != owner->found_pass;
	if (age < SURE_WALKS || (missing && (age < PATIENT_WALKS || !(age & (age - 1))))) {
		owner->wanted_pass = ctl->pass;
		__sync_fetch_and_add(&state->wanted, 1);
		return true;
	}
	if (!missing)
		owner->left_pass = 0;
	return false;
}

enum rank {
	RANK_HOLDS = 1,
	RANK_ACCEPTS,		/* a thread of it waits for connections */
	RANK_OWNS,		/* it was the owner before */
};

/* a search met a process that has the socket open; the one with the highest rank, and of those the first, is the owner */
static __always_inline void found_holder(const struct control *ctl, struct owner *owner, struct task_struct *task,
					 bool accepts)
{
	__u32 rank;

	if (owner->wanted_pass != ctl->pass || task->flags & PF_EXITING)
		return;
	if (owner->found_pass != ctl->pass) {
		owner->found_pass = ctl->pass;
		owner->pid_before = owner->pid;
		owner->pid_found = owner->pid;
		owner->rank = 0;
	}
	rank = task->tgid == owner->pid_before ? RANK_OWNS : accepts ? RANK_ACCEPTS : RANK_HOLDS;
	/* who used it meanwhile is the owner */
	if (rank <= owner->rank || owner->pid != owner->pid_found)
		return;
	owner->rank = rank;
	owner->pid_found = task->tgid;
	set_owner(owner, task);
}

#endif
