// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * The same in compatible mode, where the kernel has type information and walks over
 * threads all the same (5.8).
 */
#include "compat.bpf.h"
#include "in_flight.bpf.h"

static __always_inline bool is_walked(struct task_struct *thread)
{
	struct compat_control *ctl = get_control();

	return ctl && watched(ctl, thread->tgid);
}

static __always_inline __u32 current_filter(void)
{
	struct compat_control *ctl = get_control();

	return ctl ? ctl->filter_generation : 0;
}

/* NULL also where there is only that of an earlier thread with this number */
static __always_inline struct compat_thread *known_thread(struct task_struct *thread)
{
	__u32 tid = thread->pid;
	struct compat_thread *known = bpf_map_lookup_elem(&compat_threads, &tid);

	return known && known->entered_ns && known->entered_ns < thread->start_time ? NULL : known;
}

static __always_inline void read_begin(struct task_struct *thread, struct look *look)
{
	struct compat_thread *known = known_thread(thread);

	look->known = known != NULL;
	look->followed = false;
	look->entered_ns = known ? *(volatile __u64 *)&known->entered_ns : 0;
	look->interrupted_ns = known ? *(volatile __u64 *)&known->interrupted.entered_ns : 0;
	if (!known)
		return;
	look->call = known->call;
	look->filter_generation = known->filter_generation;
	look->interrupted_call = known->interrupted.call;
	look->handlers = known->interrupted.handlers;
}

static __always_inline bool is_unchanged(struct task_struct *thread, const struct look *look)
{
	struct compat_thread *known = known_thread(thread);

	if (!known)
		return !look->known;
	return *(volatile __u64 *)&known->entered_ns == look->entered_ns &&
	       *(volatile __u64 *)&known->interrupted.entered_ns == look->interrupted_ns;
}

static __always_inline bool lost_begins(void)
{
	struct compat_state *state = get_state();

	return !state || state->lost_calls;
}
