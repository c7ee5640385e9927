// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* An array of more elements than anybody wants to see, all of them written. */
#include "ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, 2);
	__uint(max_entries, 10000000);
	__type(key, __u32);
	__type(value, __u64);
} huge SEC(".maps");

static __u32 next;

SEC("raw_tp/sys_enter")
int sys_enter(__u64 *ctx)
{
	__u64 one = 1;
	int i;

	for (i = 0; i < 512; i++) {
		__u32 key = __sync_fetch_and_add(&next, 1);

		bpf_map_update_elem(&huge, &key, &one, 0);
	}
	return 0;
}
