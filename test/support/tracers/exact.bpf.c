// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/* A table of intervals, by the header that is shipped alone. */
#include "ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile long number = 0;

struct who {
	eb_pid pid;
};

struct what {
	eb_counter calls;
};

EB_TABLE(exact, struct who, struct what, 1024)

SEC("tp_btf/sys_enter")
int sys_enter(__u64 *ctx)
{
	struct who who = { .pid = eb_current() };
	struct what *row;

	if (ctx[1] != number || !eb_watched(who.pid))
		return 0;
	row = exact_row(&who);
	if (row)
		EB_ADD(row->calls, 1);
	return 0;
}
