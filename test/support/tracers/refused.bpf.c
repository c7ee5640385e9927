// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* The verifier takes no program that reads what may not be there. */
#include "ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "GPL";

EB_TABLE(rows, __u32, __u64, 16)

SEC("tp_btf/sys_enter")
int sys_enter(__u64 *ctx)
{
	__u32 key = 0;

	return *rows_row(&key);
}
