// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* A tracer as other tools have them: a hash that holds what it holds. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

const volatile long number = 0;		/* system call that is counted */
const volatile unsigned int step = 1;

struct who {
	__u32 pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct who);
	__type(value, __u64);
} calls SEC(".maps");

SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct who who = { .pid = bpf_get_current_pid_tgid() >> 32 };
	__u64 zero = 0, *count;

	if (ctx->args[1] != number)
		return 0;
	bpf_get_current_comm(who.comm, sizeof(who.comm));
	bpf_map_update_elem(&calls, &who, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&calls, &who);
	if (count)
		__sync_fetch_and_add(count, step);
	return 0;
}
