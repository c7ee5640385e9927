/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls THREADS GOOD BAD COMPAT UNKNOWN: each of the threads makes GOOD calls of
 * getppid and BAD failing ones of close; the first one then makes COMPAT 32-bit
 * calls of getppid, where the kernel has them, and UNKNOWN calls with a number
 * that no kernel has. Says behind "done" how many 32-bit calls it made.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include "compat.h"
#include "workload.h"

static long good, bad;

static void *work(void *unused)
{
	(void)unused;
	for (long i = 0; i < good; i++)
		syscall(SYS_getppid);
	for (long i = 0; i < bad; i++)
		syscall(SYS_close, -1);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	char line[32];
	long count, compat, unknown;

	if (argc != 6)
		return 93;
	count = number(argv[1]);
	good = number(argv[2]);
	bad = number(argv[3]);
	compat = number(argv[4]);
	unknown = number(argv[5]);
	if (count < 1 || count > 64)
		return 93;
	if (compat > 0 && !has_compat_calls())
		compat = 0;

	say("ready\n");
	wait_for_line();
	for (long i = 1; i < count; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			fail("pthread_create");
	work(NULL);
	for (long i = 1; i < count; i++)
		pthread_join(threads[i], NULL);
	for (long i = 0; i < compat; i++)
		compat_call(64); /* getppid there */
	for (long i = 0; i < unknown; i++)
		syscall(100000);
	snprintf(line, sizeof(line), "done %ld\n", compat);
	say(line);
	wait_for_line();
	return 0;
}
