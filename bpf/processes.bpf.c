// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Life of processes: new names and arguments, and the end.
 */
#include "processes.bpf.h"

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *thread)
{
	return process_executed(thread);
}

SEC("tp_btf/task_rename")
int BPF_PROG(task_rename, struct task_struct *thread, const char *name)
{
	return thread_renamed(thread, name);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *thread)
{
	return thread_exited(thread);
}
