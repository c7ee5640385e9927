// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Life of processes: a new name at exec, and the end.
 */
#include "process.bpf.h"

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *thread)
{
	struct control *ctl = get_control();
	struct process *process;
	struct task *task;

	if (!ctl)
		return 0;
	task = bpf_task_storage_get(&tasks, thread->group_leader, 0, 0);
	if (!task || task->row >> 32 != ctl->epoch)
		return 0;
	process = process_at(ctl->epoch, task->row);
	if (process)
		BPF_CORE_READ_STR_INTO(&process->name, thread, comm);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *thread)
{
	struct control *ctl = get_control();
	struct process *process;
	struct task_struct *leader;
	struct task *task;
	__u32 index;

	if (!ctl || !ctl->epoch || !watched(ctl, thread->tgid))
		return 0;
	/* its last thread; the count was lowered before this */
	if (thread->signal->live.counter)
		return 0;
	leader = thread->group_leader;
	task = bpf_task_storage_get(&tasks, leader, 0, 0);
	if (!task)
		return 0;	/* it was never seen to do anything */
	index = process_of(ctl->epoch, leader, task);
	process = process_at(ctl->epoch, index);
	if (index >= MAX_PROCESSES || !process)
		return 0;
	process->exited = 1;
	BPF_CORE_READ_STR_INTO(&process->name, leader, comm);
	return 0;
}
