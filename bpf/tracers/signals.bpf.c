// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Signals, by the process that they are for and the one that sent them. Those
 * that are ignored are counted like all others.
 */
#include "../arch.bpf.h"
#include "../ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SIGCHLD 17

/* instead of the address of a struct: sent by a process, and by the kernel (SEND_SIG_NOINFO, SEND_SIG_PRIV) */
#define FROM_PROCESS 0UL
#define FROM_KERNEL 1UL

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* flavours have names of their own */
struct kernel_siginfo___code {
	int si_code;
};

#pragma clang attribute pop

struct sent {
	eb_pid pid;
	char name[16];
	eb_signal signal;
	eb_pid sender_pid;	/* 0: the kernel itself */
	char sender_name[16];
};

struct signals {
	eb_counter count;
};

EB_TABLE(signals, struct sent, struct signals, 16384)

static __always_inline bool is_sent(int signal, unsigned long info)
{
	int code;

	if (info == FROM_PROCESS || signal == SIGCHLD)
		return true;
	if (info == FROM_KERNEL)
		return false;
	code = BPF_CORE_READ((struct kernel_siginfo___code *)info, si_code);
	/* what the kernel found out by itself has a code above zero */
	return code <= 0;
}

SEC("tp_btf/signal_generate")
int signal_generate(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[2], *sender;
	struct sent sent = { .signal = ctx[0], .pid = BPF_CORE_READ(task, tgid) };
	struct signals *row;

	if (!eb_watched(sent.pid))
		return 0;
	BPF_CORE_READ_STR_INTO(&sent.name, task, group_leader, comm);
	if (is_sent(sent.signal, ctx[1])) {
		sender = (struct task_struct *)bpf_get_current_task();
		sent.sender_pid = eb_current();
		BPF_CORE_READ_STR_INTO(&sent.sender_name, sender, group_leader, comm);
	}
	row = signals_row(&sent);
	if (row)
		EB_ADD(row->count, 1);
	return 0;
}
