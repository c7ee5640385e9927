// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Threads that are in a system call.
 */
#include "process.bpf.h"
#include "calls.bpf.h"
#include "in_flight.bpf.h"

static __always_inline bool is_walked(struct task_struct *thread)
{
	struct control *ctl = get_control();

	return ctl && watched(ctl, thread->tgid);
}

static __always_inline __u32 current_filter(void)
{
	struct control *ctl = get_control();

	return ctl ? ctl->filter_generation : 0;
}

/* `followed`: it has a slot by its registers, which the end of a call looks into whoever is watched by then */
static __always_inline struct task *task_with(struct task_struct *thread, bool *followed)
{
	__u64 key = key_of(thread);
	struct task_slot *slot = slot_at((void *)key);

	*followed = false;
	if (!slot || slot->owner != key || slot->thread != (__u64)thread)
		return bpf_task_storage_get(&tasks, thread, 0, 0);
	*followed = key != (__u64)thread;
	return &slot->task;
}

static __always_inline void read_begin(struct task_struct *thread, struct look *look)
{
	bool followed;
	struct task *task = task_with(thread, &followed);

	look->known = task != NULL;
	look->followed = followed;
	look->entered_ns = task ? *(volatile __u64 *)&task->entered_ns : 0;
	look->interrupted_ns = task ? *(volatile __u64 *)&task->interrupted.entered_ns : 0;
	if (!task)
		return;
	look->call = task->call;
	look->filter_generation = task->filter_generation;
	look->interrupted_call = task->interrupted.call;
	look->handlers = task->interrupted.handlers;
}

static __always_inline bool is_unchanged(struct task_struct *thread, const struct look *look)
{
	bool followed;
	struct task *task = task_with(thread, &followed);

	if (!task)
		return !look->known;
	return followed == look->followed && *(volatile __u64 *)&task->entered_ns == look->entered_ns &&
	       *(volatile __u64 *)&task->interrupted.entered_ns == look->interrupted_ns;
}

static __always_inline bool lost_begins(void)
{
	struct syscall_state *state = get_state();

	return !state || state->lost_no_task;
}
