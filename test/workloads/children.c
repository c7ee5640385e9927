/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children CHILDREN CALLS: makes that many children, one after the other, each
 * of which makes CALLS calls of getppid and ends at once.
 */
#include <sys/syscall.h>
#include <sys/wait.h>
#include "workload.h"

int main(int argc, char **argv)
{
	long children, calls;

	if (argc != 3)
		return 93;
	children = number(argv[1]);
	calls = number(argv[2]);

	say("ready\n");
	wait_for_line();
	for (long i = 0; i < children; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child == 0) {
			for (long k = 0; k < calls; k++)
				syscall(SYS_getppid);
			_exit(0);
		}
		if (waitpid(child, NULL, 0) != child)
			fail("waitpid");
	}
	say("done\n");
	wait_for_line();
	return 0;
}
