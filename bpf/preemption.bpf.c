// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Looks whether programs on raw tracepoints are preempted, for compatible mode,
 * whose own programs read no struct of the kernel.
 */
#include "preemption.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("raw_tp/sys_enter")
int look(void *ctx)
{
	look_at_preemption(bpf_get_current_task_btf());
	return 0;
}
