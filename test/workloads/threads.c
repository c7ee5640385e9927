/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads THREADS CALLS: makes that many threads, all of which are there at once
 * when each makes CALLS calls of getppid.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include "workload.h"

/* arm64 allows no less */
#define STACK (128 << 10)

static pthread_barrier_t all_there;
static long calls;

static void *work(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&all_there);
	for (long i = 0; i < calls; i++)
		syscall(SYS_getppid);
	pthread_barrier_wait(&all_there);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_attr_t small;
	pthread_t *threads;
	long count;

	if (argc != 3)
		return 93;
	count = number(argv[1]);
	calls = number(argv[2]);
	threads = calloc(count, sizeof(*threads));
	if (!threads || pthread_barrier_init(&all_there, NULL, count) || pthread_attr_init(&small) ||
	    pthread_attr_setstacksize(&small, STACK))
		fail("threads");

	say("ready\n");
	wait_for_line();
	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], &small, work, NULL))
			fail("pthread_create");
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	say("done\n");
	wait_for_line();
	return 0;
}
