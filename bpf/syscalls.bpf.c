// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Begin and end of every system call.
 */
#include "syscalls.bpf.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long number)
{
	socket_call_entered(regs, number);
	return call_entered(regs, number);
}

/* in place of sys_enter where the kernel has bpf_rdonly_cast (6.2) */
SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter_again, struct pt_regs *regs, long number)
{
	socket_call_entered(regs, number);
	return call_entered_again(regs, number);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	return call_returned(regs, 0, ret);
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int signal, struct kernel_siginfo *info, struct k_sigaction *action)
{
	return signal_delivered((__u64)action->sa.sa_handler, action->sa.sa_flags);
}
