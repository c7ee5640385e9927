/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
#ifndef EBPF_TOP_HISTOGRAM_BPF_H
#define EBPF_TOP_HISTOGRAM_BPF_H

/*
 * Durations in units of 2^-30 s (0.93 ns). An octave holds those from one power of two to the next, in eight buckets:
 * bucket i those above 2^(FIRST_OCTAVE + i/8) up to 2^(FIRST_OCTAVE + (i + 1)/8). These are the buckets of an OTLP
 * exponential histogram of scale 3, from index 8 * (FIRST_OCTAVE - 30) on. The first also holds shorter ones, which
 * no call reaches, the last also longer ones (6 days).
 */
enum octaves_from {
	FIRST_OCTAVE = 5,
};

#define OCTAVES 44
#define OCTAVE_BUCKETS 8

/* the longest that is in its own bucket: 2^49 units */
#define LONGEST (1000000000ULL << 19)

/*
 * The bucket of a duration. A whole number of nanoseconds from 2^48 to 2^49 is in the bucket that so many of these bounds
 * are below it: the last is whole, the others are not, so that no rounding moves a duration. Others are shifted to there.
 */
static __always_inline __u32 histogram_bucket(__u64 ns)
{
	__u32 octave = 48 - FIRST_OCTAVE;
	__u64 n = ns, sub = 0;

	if (n < 1 << FIRST_OCTAVE)
		n = 1 << FIRST_OCTAVE;
	if (n > LONGEST)
		n = LONGEST;
	if (!(n >> 17)) {
		n <<= 32;
		octave -= 32;
	}
	if (!(n >> 33)) {
		n <<= 16;
		octave -= 16;
	}
	if (!(n >> 41)) {
		n <<= 8;
		octave -= 8;
	}
	if (!(n >> 45)) {
		n <<= 4;
		octave -= 4;
	}
	if (!(n >> 47)) {
		n <<= 2;
		octave -= 2;
	}
	if (!(n >> 48)) {
		n <<= 1;
		octave -= 1;
	}
	/* one for each that is smaller, without a branch */
	sub += (285870059071801ULL - n) >> 63;
	sub += (311743509955273ULL - n) >> 63;
	sub += (339958708214434ULL - n) >> 63;
	sub += (370727600094732ULL - n) >> 63;
	sub += (404281314615739ULL - n) >> 63;
	sub += (440871899760539ULL - n) >> 63;
	sub += (480774215803690ULL - n) >> 63;
	sub += (524288000000000ULL - n) >> 63;
	return octave * OCTAVE_BUCKETS + sub;
}

#endif
