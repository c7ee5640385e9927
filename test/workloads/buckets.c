/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buckets SEED COUNT: says in which bucket the kernel side counts durations: of so many nanoseconds by chance, from all
 * magnitudes, and of those at powers of two and of five.
 */
#include <linux/types.h>
#include <stdbool.h>
/* the types of this header are all that it takes of the kernel's */
#define EBPF_TOP_KERNEL_H
#include "../../bpf/histogram.bpf.h"
#include "workload.h"

static void tell(__u64 ns)
{
	printf("%llu %u\n", ns, histogram_bucket(ns));
}

int main(int argc, char **argv)
{
	__u64 state, bound = 1;
	long count;

	if (argc != 3)
		return 93;
	state = number(argv[1]);
	count = number(argv[2]);
	for (int i = 0; i < 63; i++)
		for (int off = -2; off <= 2; off++)
			tell((1ULL << i) + off);
	/* whole numbers of nanoseconds on a bound between two octaves */
	for (int i = 0; i < 9; i++)
		bound *= 5;
	for (int i = 0; i < 33; i++)
		for (int off = -2; off <= 2; off++)
			tell((bound << i) + off);
	while (count--) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		tell(state >> (13 + (state >> 33) % 51));
	}
	return 0;
}
