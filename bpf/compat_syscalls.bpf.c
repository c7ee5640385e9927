// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Compatible mode: system calls and life of processes, by raw tracepoints.
 */
#include "compat_syscalls.bpf.h"

struct exit_arguments {
	__u64 registers;
	__u64 result;
};

struct enter_arguments {
	__u64 registers;
	__u64 number;
};

struct exec_arguments {
	__u64 task;
	__u64 tid_before;
};

SEC("raw_tp/sys_enter")
int compat_sys_enter(struct enter_arguments *ctx)
{
	return call_entered(ctx->number);
}

SEC("raw_tp/sys_exit")
int compat_sys_exit(struct exit_arguments *ctx)
{
	return call_returned(ctx->result);
}

SEC("raw_tp/sched_process_exec")
int compat_exec(struct exec_arguments *ctx)
{
	return process_executed(ctx->tid_before);
}

SEC("raw_tp/sched_process_exit")
int compat_exit(void *ctx)
{
	return thread_exited();
}
