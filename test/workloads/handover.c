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

/* whether the first thread is a zombie: what is left of it waits for the others */
static int first_ended(void)
{
	char path[64], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		fail(path);
	fclose(file);
	return strstr(text, ") Z") != NULL;
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
