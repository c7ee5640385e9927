/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
#ifndef EBPF_TOP_HISTOGRAM_BPF_H
#define EBPF_TOP_HISTOGRAM_BPF_H

#include "kernel.h"

/*
 * Slot i counts durations of [2^i, 2^(i+1)) units of 2^-30 s, the last also
 * longer ones (3.3 days and more). With this unit slot i is bucket i - 30 of an
 * OTLP exponential histogram of scale 0.
 */
#define HISTOGRAM_SLOTS 48

/* 2^30 / 10^9 - 1, scaled by 2^32 */
#define UNITS_PER_NS_FRACTION 316718722ULL

static __always_inline __u32 histogram_slot(__u64 ns)
{
	__u64 v = ns + ((ns & 0xffffffff) * UNITS_PER_NS_FRACTION >> 32);
	__u32 slot = 0;

	/* the upper half for itself: ns * fraction overflows at 58 s */
	if (ns >> 32)
		v += (ns >> 32) * UNITS_PER_NS_FRACTION;
	if (v >> 32) {
		v >>= 32;
		slot = 32;
	}
	if (v >> 16) {
		v >>= 16;
		slot += 16;
	}
	if (v >> 8) {
		v >>= 8;
		slot += 8;
	}
	if (v >> 4) {
		v >>= 4;
		slot += 4;
	}
	if (v >> 2) {
		v >>= 2;
		slot += 2;
	}
	slot += v >> 1;
	return slot < HISTOGRAM_SLOTS ? slot : HISTOGRAM_SLOTS - 1;
}

#endif
