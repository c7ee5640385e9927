// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* There is no such tracepoint. */
#include "ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "GPL";

EB_TABLE(rows, __u32, __u64, 16)

SEC("raw_tp/no_such_tracepoint")
int nothing(__u64 *ctx)
{
	__u32 key = 0;

	return rows_row(&key) != NULL;
}
