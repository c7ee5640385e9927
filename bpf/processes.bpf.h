/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Life of processes: a new name at exec, and the end, whichever hook tells of it.
 */
#ifndef EBPF_TOP_PROCESSES_BPF_H
#define EBPF_TOP_PROCESSES_BPF_H

#include "process.bpf.h"

static __always_inline int process_executed(struct task_struct *thread)
{
	struct control *ctl = get_control();
	struct process *process;
	struct task *task;

	if (!ctl)
		return 0;
	task = task_of(thread, 0);
	if (!task || task->row >> 32 != ctl->epoch)
		task = bpf_task_storage_get(&tasks, thread, 0, 0);	/* by now the first of its process */
	if (!task || task->row >> 32 != ctl->epoch)
		return 0;
	process = process_at(ctl->epoch, task->row);
	if (process)
		BPF_CORE_READ_STR_INTO(&process->name, thread, comm);
	return 0;
}

/* the last thread of a process ends */
static __always_inline void ended(struct control *ctl, struct task_struct *thread)
{
	struct task *task = task_of(thread, 0);
	struct process *process;
	__u32 index;

	/* nothing to tell of one that was never seen to do anything */
	index = task ? process_of(ctl->epoch, task) : find_process(ctl->epoch, 0);
	process = process_at(ctl->epoch, index);
	if (index >= MAX_PROCESSES || !process)
		return;
	process->exited = 1;
	BPF_CORE_READ_STR_INTO(&process->name, thread, group_leader, comm);
}

/* called for each of its threads */
static __always_inline int thread_exited(struct task_struct *thread)
{
	struct control *ctl = get_control();

	/* the count was lowered before this */
	if (!BPF_CORE_READ(thread, signal, live.counter) && ctl && ctl->epoch && watched(ctl, thread->tgid))
		ended(ctl, thread);
	leave_slot(thread);
	return 0;
}

#endif
