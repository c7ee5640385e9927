/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover CALLS: the first thread makes CALLS calls of getppid and ends, then a
 * second one makes as many, and executes this program anew, which makes as many.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include "workload.h"

static const char *program, *argument;

static void make_calls(void)
{
	for (long i = number(argument); i > 0; i--)
		syscall(SYS_getppid);
}

static void *second(void *unused)
{
	(void)unused;
	while (!first_ended())
		usleep(1000);
	make_calls();
	execl(program, program, argument, "again", NULL);
	fail("execl");
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 2 && argc != 3)
		return 93;
	program = argv[0];
	argument = argv[1];
	if (argc == 2) {
		say("ready\n");
		wait_for_line();
		if (pthread_create(&thread, NULL, second, NULL))
			fail("pthread_create");
		make_calls();
		pthread_exit(NULL);
	}
	make_calls();
	say("done\n");
	wait_for_line();
	return 0;
}
