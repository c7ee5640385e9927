/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls THREADS GOOD BAD COMPAT UNKNOWN: each of the threads makes GOOD calls of
 * getppid and BAD failing ones of close; the first one then makes COMPAT 32-bit
 * calls of getppid and UNKNOWN calls with a number that no kernel has.
 */
#include <pthread.h>
#include <sys/syscall.h>
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

static void compat_getppid(void)
{
#ifdef __x86_64__
	long result;

	/* int 0x80 is the 32-bit entry, whatever the program is; 64 is getppid there */
	asm volatile("int $0x80" : "=a"(result) : "a"(64) : "memory", "r8", "r9", "r10", "r11");
#endif
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
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

	say("ready\n");
	wait_for_line();
	for (long i = 1; i < count; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			fail("pthread_create");
	work(NULL);
	for (long i = 1; i < count; i++)
		pthread_join(threads[i], NULL);
	for (long i = 0; i < compat; i++)
		compat_getppid();
	for (long i = 0; i < unknown; i++)
		syscall(100000);
	say("done\n");
	wait_for_line();
	return 0;
}
