/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sleeper COUNT MICROSECONDS: sleeps that often for at least that long.
 */
#include <time.h>
#include "workload.h"

int main(int argc, char **argv)
{
	struct timespec time;
	long count, microseconds;

	if (argc != 3)
		return 93;
	count = number(argv[1]);
	microseconds = number(argv[2]);
	time.tv_sec = microseconds / 1000000;
	time.tv_nsec = microseconds % 1000000 * 1000;

	say("ready\n");
	wait_for_line();
	for (long i = 0; i < count; i++)
		if (clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL))
			fail("clock_nanosleep");
	say("done\n");
	wait_for_line();
	return 0;
}
