// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * A tracer for ebpf-top: system calls that failed, by process and error.
 *
 * Compile it:  clang -target bpf -mcpu=v3 -g -O2 -c TRACER.bpf.c -o TRACER.bpf.o
 * Look at it:  sudo ebpf-top --tracer ./TRACER.bpf.o --view TRACER
 */
#include "ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* A parameter: --tracer './TRACER.bpf.o?least=2' */
const volatile unsigned int least = 1;

/* What a row is: all that is different in two rows. */
struct who {
	eb_pid pid;		/* becomes name, command and container as well */
	eb_errno error;		/* shown as ENOENT */
};

/* What is counted in it, from zero in each interval. */
struct what {
	eb_counter failed EB_LABEL("FAILED") EB_SORT;
};

/* The table, with room for so many rows of an interval. It makes TRACER_row(). */
EB_TABLE(TRACER, struct who, struct what, 10240)

/* Runs at the end of each system call: ctx[1] is what it returns. */
SEC("tp_btf/sys_exit")
int count(__u64 *ctx)
{
	long result = ctx[1];
	struct who who = { .pid = eb_current(), .error = -result };
	struct what *row;

	if (result > -(long)least || result < -4095)
		return 0;
	/* not ebpf-top itself, and only what the pid filter leaves */
	if (!eb_watched(who.pid))
		return 0;
	row = TRACER_row(&who);
	/* NULL: no row is left, which is counted as lost */
	if (row)
		EB_ADD(row->failed, 1);
	return 0;
}
