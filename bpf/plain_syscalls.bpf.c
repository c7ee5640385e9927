// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Begin and end of system calls, and life of processes, where the kernel preempts
 * programs on tracepoints: it leaves out what others do on that processor until
 * they go on. Not so where the program is behind a perf event.
 */
#include "records.h"
#include "processes.bpf.h"
#include "syscalls.bpf.h"

SEC("tp/raw_syscalls/sys_enter")
int sys_enter(struct enter_record *ctx)
{
	socket_call_entered(NULL, ctx->number);
	call_entered(NULL, ctx->number);
	return FOR_OTHERS_TOO;
}

SEC("tp/raw_syscalls/sys_exit")
int sys_exit(struct exit_record *ctx)
{
	call_returned(NULL, ctx->number, ctx->result);
	return FOR_OTHERS_TOO;
}

SEC("tp/signal/signal_deliver")
int signal_deliver(struct deliver_record *ctx)
{
	signal_delivered(ctx->handler, ctx->flags);
	return FOR_OTHERS_TOO;
}

SEC("tp/sched/sched_process_exec")
int sched_process_exec(void *ctx)
{
	process_executed(bpf_get_current_task_btf());
	return FOR_OTHERS_TOO;
}

/* the record of the plain one differs from kernel to kernel; where this is left out, the next interval has the name */
SEC("tp_btf/task_rename")
int BPF_PROG(task_rename, struct task_struct *thread, const char *name)
{
	return thread_renamed(thread, name);
}

SEC("tp/sched/sched_process_exit")
int sched_process_exit(void *ctx)
{
	thread_exited(bpf_get_current_task_btf());
	return FOR_OTHERS_TOO;
}
