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

struct deliver_arguments {
	__u64 signal;
	__u64 info;
	__u64 action;
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
	struct call_registers *registers = (void *)ctx->registers;
	__typeof__(CALL_NUMBER(registers)) number = 0;

	bpf_probe_read(&number, sizeof(number), &CALL_NUMBER(registers));
	return call_returned(number, ctx->result);
}

/* how the kernel keeps what a program asked for with a signal: the handler, then flags */
struct action {
	__u64 handler;
	__u64 flags;
};

SEC("raw_tp/signal_deliver")
int compat_deliver(struct deliver_arguments *ctx)
{
	struct action action = {};

	bpf_probe_read(&action, sizeof(action), (void *)ctx->action);
	return signal_delivered(action.handler, action.flags);
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
