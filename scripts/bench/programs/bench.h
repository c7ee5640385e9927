/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are told by lines on stdin what to do, and answer each with a line of numbers. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what)
{
	perror(what);
	exit(1);
}

static inline int64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/*
 * Obeys lines "MILLISECONDS COUNT": runs `work`, which does something COUNT
 * times, again and again for so long, and answers with the fewest nanoseconds
 * that once took. The best of many short runs is the one that nothing disturbed.
 */
static inline int obey(void (*work)(long count))
{
	long milliseconds, count;

	while (scanf("%ld %ld", &milliseconds, &count) == 2) {
		int64_t end = now_ns() + milliseconds * 1000000, best = INT64_MAX;

		for (;;) {
			int64_t begun = now_ns(), ended;

			work(count);
			ended = now_ns();
			if (ended - begun < best)
				best = ended - begun;
			if (ended >= end)
				break;
		}
		printf("%.3f\n", (double)best / count);
		fflush(stdout);
	}
	return 0;
}

#endif
