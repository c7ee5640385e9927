/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many PROCESSES KINDS REPEATS PERIOD PAIRS: that many processes, each with PAIRS
 * TCP connections to itself over loopback. Every PERIOD milliseconds (0: without
 * a pause) each makes KINDS different system calls, each 1 to REPEATS times, and
 * sends and receives a byte over one of its connections.
 *
 * It says the numbers of those system calls when all connections are open, then
 * obeys lines:
 *
 *   go      answers 0
 *   stop    answers with the calls that were made, of all kinds together
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "bench.h"

/* harmless with whatever arguments */
static const int known[] = {
	SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getpgid,
	SYS_getsid, SYS_getpriority, SYS_sched_getscheduler, SYS_sched_get_priority_max,
	SYS_sched_get_priority_min, SYS_times, SYS_getcpu, SYS_getgroups, SYS_gettimeofday, SYS_getrusage,
	SYS_uname, SYS_sysinfo, SYS_getitimer, SYS_sched_getparam,
};

#define KNOWN (long)(sizeof(known) / sizeof(*known))
/* no architecture has calls with these numbers */
#define UNASSIGNED 340
#define UNASSIGNED_END 420

static struct shared {
	atomic_int ready, going, stopped;
	atomic_long made;
} *shared;

static long processes, kinds, repeats, period_ms, pairs;

static int call_number(long kind)
{
	return kind < KNOWN ? known[kind] : UNASSIGNED + kind - KNOWN;
}

static void open_pairs(int (*ends)[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	/* closing leaves nothing behind */
	struct linger linger = { .l_onoff = 1 };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
		fail("listen");
	for (long i = 0; i < pairs; i++) {
		ends[i][0] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(ends[i][0], (struct sockaddr *)&address, length))
			fail("connect");
		ends[i][1] = accept(listener, NULL, NULL);
		if (ends[i][1] < 0)
			fail("accept");
		setsockopt(ends[i][0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		setsockopt(ends[i][1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	close(listener);
}

static void make_calls(unsigned *random)
{
	long made = 0;

	for (long kind = 0; kind < kinds; kind++) {
		long times = 1 + (repeats > 1 ? rand_r(random) % repeats : 0);

		for (long i = 0; i < times; i++)
			syscall(call_number(kind), 0, 0, 0);
		made += times;
	}
	shared->made += made;
}

static void work(unsigned which)
{
	struct timespec rest = { .tv_sec = period_ms / 1000, .tv_nsec = period_ms % 1000 * 1000000 };
	int (*ends)[2] = calloc(pairs + 1, sizeof(*ends));
	unsigned random = which;
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pairs)
		open_pairs(ends);
	shared->ready++;
	while (!shared->going)
		usleep(10000);
	/* spread over the period, so that they do not all wake up at once */
	usleep(period_ms * 1000 * which / processes);
	for (long round = 0; !shared->stopped; round++) {
		make_calls(&random);
		if (pairs && (send(ends[round % pairs][0], &byte, 1, 0) != 1 ||
			      recv(ends[round % pairs][1], &byte, 1, 0) != 1))
			fail("ping");
		if (period_ms)
			nanosleep(&rest, NULL);
	}
	shared->ready--;
	for (;;)
		pause();
}

static void wait_until_ready(long count)
{
	while (shared->ready != count)
		usleep(1000);
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc != 6)
		return 2;
	processes = atol(argv[1]);
	kinds = atol(argv[2]);
	repeats = atol(argv[3]);
	period_ms = atol(argv[4]);
	pairs = atol(argv[5]);
	if (kinds > KNOWN + UNASSIGNED_END - UNASSIGNED)
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		fail("mmap");
	for (long i = 0; i < processes; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child == 0)
			work(i);
	}
	wait_until_ready(processes);
	for (long kind = 0; kind < kinds; kind++)
		printf("%s%d", kind ? " " : "", call_number(kind));
	printf("\n");
	fflush(stdout);
	/* the end of input, or of this process, ends the others */
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "go", 2)) {
			shared->going = 1;
			printf("0\n");
		} else {
			shared->stopped = 1;
			wait_until_ready(0);
			printf("%ld\n", (long)shared->made);
		}
		fflush(stdout);
	}
	return 0;
}
