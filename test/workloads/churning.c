/* SPDX-License-Identifier: Apache-2.0 */
/*
 * churning FILE: processes that come and go all the time, each with threads that sleep for a moment. FILE gets the process
 * and the thread of each, 32 bits both. Says "done" with their number.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "workload.h"

#define WORKERS 4
#define THREADS 4
#define ROOM (1 << 20)

static struct shared {
	atomic_int count;
	atomic_int over;
} *shared;

static unsigned int (*pairs)[2];

static void tell(void)
{
	int i = atomic_fetch_add(&shared->count, 1);

	if (i >= ROOM)
		exit(95);
	pairs[i][0] = getpid();
	pairs[i][1] = syscall(SYS_gettid);
}

static void *nap(void *unused)
{
	struct timespec moment = { .tv_nsec = 2000 * 1000 };

	tell();
	nanosleep(&moment, NULL);
	return unused;
}

static void live(void)
{
	pthread_t threads[THREADS];
	int i;

	tell();
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, nap, NULL))
			fail("pthread_create");
	/* some end with their threads, some before them */
	for (i = 0; i < THREADS && getpid() % 2; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static void work(void)
{
	pid_t child;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tell();
	while (!atomic_load(&shared->over)) {
		child = fork();
		if (!child)
			live();
		waitpid(child, NULL, 0);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int file, i;

	if (argc != 2)
		return 93;
	file = open(argv[1], O_RDWR | O_CREAT, 0600);
	if (file < 0 || ftruncate(file, ROOM * sizeof(*pairs)))
		fail(argv[1]);
	pairs = mmap(NULL, ROOM * sizeof(*pairs), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pairs == MAP_FAILED || shared == MAP_FAILED)
		fail("mmap");
	tell();
	for (i = 0; i < WORKERS; i++)
		if (!fork())
			work();
	say("ready\n");
	wait_for_line();
	atomic_store(&shared->over, 1);
	while (wait(NULL) > 0)
		;
	printf("done %d\n", atomic_load(&shared->count));
	fflush(stdout);
	wait_for_line();
	return 0;
}
