/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs CHILDREN ROUNDS: each of the children makes ROUNDS rounds of one call to each of the numbers from 472 to 511, which
 * no kernel has, in both tables by turns, and one to a number beyond all tables. Says behind "done" how many tables there
 * are.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/wait.h>
#include "compat.h"
#include "workload.h"

int main(int argc, char **argv)
{
	long children, rounds;
	char line[32];
	int compat;

	if (argc != 3)
		return 93;
	children = number(argv[1]);
	rounds = number(argv[2]);
	compat = has_compat_calls();
	say("ready\n");
	wait_for_line();
	for (long i = 0; i < children; i++) {
		if (fork())
			continue;
		for (long round = 0; round < rounds; round++) {
			for (long call = 472; call < 512; call++) {
				syscall(call);
				if (compat)
					compat_call(call);
			}
			syscall(100000);
			usleep(10000);
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	snprintf(line, sizeof(line), "done %d\n", 1 + compat);
	say(line);
	wait_for_line();
	return 0;
}
