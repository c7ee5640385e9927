/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Life of processes: new names and arguments, and the end, whichever hook tells of them.
 */
#ifndef EBPF_TOP_PROCESSES_BPF_H
#define EBPF_TOP_PROCESSES_BPF_H

#include "process.bpf.h"

/* the row in this interval of the process that runs; NULL: it is not watched, or there is no room */
static __always_inline struct process *running_process(const struct control *ctl, struct task_struct *thread)
{
	__u32 index;

	if (!ctl || !ctl->epoch || !watched(ctl, thread->tgid))
		return NULL;
	index = find_process(ctl->epoch, 1);
	return index < MAX_PROCESSES ? process_at(ctl->epoch, index) : NULL;
}

/* by now the thread is the first of its process */
static __always_inline int process_executed(struct task_struct *thread)
{
	struct control *ctl = get_control();
	struct process *process = running_process(ctl, thread);

	if (!process)
		return 0;
	BPF_CORE_READ_STR_INTO(&process->name, thread, comm);
	/* who starts a container moves its first process there before it executes anything */
	process->group = current_group();
	read_command(&process->command, ctl->epoch);
	return 0;
}

/* a process has a name by its first thread, which only threads of the same process can give it */
static __always_inline int thread_renamed(struct task_struct *thread, const char *name)
{
	struct control *ctl = get_control();
	struct process *process;

	if (thread->pid != thread->tgid || current_tgid() != thread->tgid)
		return 0;
	process = running_process(ctl, thread);
	if (process)
		bpf_probe_read_kernel_str(&process->name, sizeof(process->name), name);
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
	process->group = current_group();
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
