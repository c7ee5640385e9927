// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Begin and end of every system call.
 */
#include "syscalls.bpf.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long number)
{
	return call_entered(bpf_get_current_task_btf(), number);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	return call_returned(bpf_get_current_task_btf(), regs, ret);
}
