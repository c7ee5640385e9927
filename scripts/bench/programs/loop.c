/* SPDX-License-Identifier: Apache-2.0 */
/* loop: the cheapest system call there is, as often as it is told to; see bench.h. */
#include <sys/syscall.h>
#include "bench.h"

static void call(long count)
{
	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
}

int main(void)
{
	return obey(call);
}
