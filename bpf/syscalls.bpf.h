/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Count, errors, total, maximum and histogram of durations of every system
 * call, per process and call, whichever hook tells of its begin and end.
 */
#ifndef EBPF_TOP_SYSCALLS_BPF_H
#define EBPF_TOP_SYSCALLS_BPF_H

#include "calls.bpf.h"
#include "slow_calls.bpf.h"
#include "socket_calls.bpf.h"

#define MAX_ERRNO 4095
#define SECCOMP_MODE_FILTER 2
/* no result of any call */
#define INTERRUPTED (1L << 62)

/* the call that a signal interrupted is entered again; what it did, and when it began, is known */
static __noinline bool call_resumes(const struct control *ctl, struct task *task, __u32 call)
{
	struct interrupted *interrupted = &task->interrupted;

	if (task->filter_generation != ctl->filter_generation) {
		interrupted->entered_ns = 0;
		/* that of a call which began unseen */
		task->filter_generation = ctl->filter_generation;
		return is_restart(call);
	}
	if (!goes_on(interrupted, call))
		return false;
	if (interrupted->entered_ns == UNSEEN) {
		interrupted->entered_ns = 0;
		return false;
	}
	task->call = interrupted->call;
	task->entered_ns = interrupted->entered_ns;
	interrupted->entered_ns = 0;
	return true;
}

static __always_inline void call_begins(const struct control *ctl, struct task *task, __u32 call)
{
	if ((task->interrupted.entered_ns || is_restart(call)) && call_resumes(ctl, task, call))
		return;
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

	if (!ctl)
		return 0;
	if (!ctl->epoch && ctl->greeting && number == ctl->greeting)
		ctl->greeter = thread->tgid;
	if (!watched(ctl, thread->tgid))
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

static __always_inline void lose_call(void)
{
	struct syscall_state *state = get_state();

	if (state)
		__sync_fetch_and_add(&state->lost_no_row, 1);
}

static __always_inline bool is_error(long ret)
{
	return ret < 0 && ret >= -MAX_ERRNO;
}

/* a call is over, and this is what the program sees of it */
static __always_inline void count_call(struct control *ctl, __u32 epoch, struct task *task, struct pt_regs *regs,
				       __u32 call, __u64 entered, long ret)
{
	__u64 duration = bpf_ktime_get_ns() - entered;
	struct calls *row;
	__u32 process;

	socket_call_returned(ctl, task, call, regs, entered, ret);
	if (ctl->slow_ns && duration >= ctl->slow_ns)
		tell_slow_call(epoch, call, entered, duration, is_sigreturn(call) ? 0 : ret);
	process = process_of(epoch, task);
	if (process >= MAX_PROCESSES) {
		lose_call();
		return;
	}
	row = row_of(epoch, process, call);
	if (!row)
		return;
	count_duration(epoch, row, duration);
	if (is_error(ret))
		count_error(row, -ret);
}

/* the same where nobody saw it begin */
static __always_inline void count_untimed(__u32 epoch, struct task *task, __u32 call, long ret)
{
	__u32 process = process_of(epoch, task);
	struct calls *row;

	if (process >= MAX_PROCESSES) {
		lose_call();
		return;
	}
	row = row_of(epoch, process, call);
	if (!row)
		return;
	__sync_fetch_and_add(&row->untimed, 1);
	if (is_error(ret))
		count_error(row, -ret);
}

/*
 * The end of a call whose begin was not told. Where a filter of seccomp answers a call, or traps it, the kernel tells
 * its end alone. But so it does with one that began before the tool, or under another pid filter, and with the
 * first of a new thread, which is the end of the fork that made it: no thread is believed the first one.
 */
static __noinline void call_answered(struct control *ctl, struct pt_regs *regs, long number, long ret)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	__u32 epoch = ctl->epoch, call;
	struct syscall_state *state;
	struct task *task;

	if (!epoch || !watched(ctl, thread->tgid) || !bpf_core_field_exists(thread->seccomp.mode) ||
	    thread->seccomp.mode != SECCOMP_MODE_FILTER)
		return;
	task = entering_task(ctl, thread, regs);
	if (!task) {
		state = get_state();
		if (state)
			__sync_fetch_and_add(&state->lost_no_task, 1);
		return;
	}
	if (task->filter_generation != ctl->filter_generation) {
		task->filter_generation = ctl->filter_generation;
		return;
	}
	call = call_of(thread, regs ? number_in(regs) : number);
	if (is_interruption(ret))
		interrupt(&task->interrupted, UNSEEN, call, ret);
	else
		count_untimed(epoch, task, call, ret);
}

/* what the program sees of a result that may not be meant for it; INTERRUPTED: nothing yet */
static __noinline long result_seen(struct task *task, __u64 entered, long ret)
{
	if (is_sigreturn(task->call)) {
		handler_returned(&task->interrupted);
		return 0;
	}
	if (!is_interruption(ret))
		return ret;
	interrupt(&task->interrupted, entered, task->call, ret);
	return INTERRUPTED;
}

/* `number`: of the call, where there are no registers that tell it */
static __always_inline int call_returned(struct pt_regs *regs, long number, long ret)
{
	struct control *ctl = get_control();
	struct task *task;
	__u64 entered;
	__u32 epoch;

	task = ctl ? returning_task(ctl, regs) : NULL;
	if (!ctl)
		return 0;
	entered = task ? task->entered_ns : 0;
	if (!task || !entered) {
		call_answered(ctl, regs, number, ret);
		return 0;
	}
	task->entered_ns = 0;
	epoch = ctl->epoch;
	/* a call that began under another filter is no event */
	if (!epoch || task->filter_generation != ctl->filter_generation)
		return 0;
	if (ret < 0 || task->interrupted.entered_ns)
		ret = result_seen(task, entered, ret);
	if (ret != INTERRUPTED)
		count_call(ctl, epoch, task, regs, task->call, entered, ret);
	return 0;
}

/* a handler is about to run: a call that was interrupted may end by that */
static __always_inline int signal_delivered(__u64 handler, __u64 flags)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct control *ctl = get_control();
	struct interrupted *interrupted;
	struct task *task;
	__u64 entered;

	if (!ctl || !ctl->epoch || !watched(ctl, thread->tgid))
		return 0;
	task = task_of(thread, 0);
	if (!task || task->filter_generation != ctl->filter_generation)
		return 0;
	interrupted = &task->interrupted;
	entered = interrupted->entered_ns;
	if (!ends_interrupted(interrupted, handler, flags))
		return 0;
	interrupted->entered_ns = 0;
	if (entered == UNSEEN)
		count_untimed(ctl->epoch, task, interrupted->call, -EINTR);
	else
		count_call(ctl, ctl->epoch, task, NULL, interrupted->call, entered, -EINTR);
	return 0;
}

#endif
