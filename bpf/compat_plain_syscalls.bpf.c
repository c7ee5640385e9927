// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Compatible mode: system calls and life of processes where the kernel preempts
 * programs on raw tracepoints, see plain_syscalls.bpf.c.
 */
#include "compat_syscalls.bpf.h"
#include "records.h"

SEC("tp/raw_syscalls/sys_enter")
int compat_sys_enter(struct enter_record *ctx)
{
	call_entered(ctx->number);
	return FOR_OTHERS_TOO;
}

SEC("tp/raw_syscalls/sys_exit")
int compat_sys_exit(struct exit_record *ctx)
{
	call_returned(ctx->number, ctx->result);
	return FOR_OTHERS_TOO;
}

SEC("tp/signal/signal_deliver")
int compat_deliver(struct deliver_record *ctx)
{
	signal_delivered(ctx->handler, ctx->flags);
	return FOR_OTHERS_TOO;
}

SEC("tp/sched/sched_process_exec")
int compat_exec(struct exec_record *ctx)
{
	process_executed(ctx->tid_before);
	return FOR_OTHERS_TOO;
}

SEC("tp/sched/sched_process_exit")
int compat_exit(void *ctx)
{
	thread_exited();
	return FOR_OTHERS_TOO;
}
