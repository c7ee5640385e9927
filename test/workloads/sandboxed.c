/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandboxed ACTION COUNT: makes COUNT calls of getppid, which a filter of seccomp answers, and as many of getuid, which
 * it lets through. Says behind "done" how many of the former failed.
 *
 * errno	with EPERM
 * zero		with 0, as if it had worked
 * trap		by SIGSYS
 * trace	for want of a tracer with ENOSYS
 * notify	by another process: every third fails with EACCES, every third is let through, the others return 42
 * child	the same as errno, in a child that begins with the filter
 * thread	the same as errno, and one more thread is killed by its first call
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "workload.h"

static volatile int traps;

static void trapped(int signal)
{
	(void)signal;
	traps++;
}

/* the descriptor by which calls are told, if the action is that */
static int install(unsigned int action, unsigned int flags)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, filter };
	int fd;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (fd < 0)
		fail("seccomp");
	return fd;
}

static long make_calls(long count)
{
	long failed = 0;

	for (long i = 0; i < count; i++) {
		failed += syscall(SYS_getppid) == -1;
		syscall(SYS_getuid);
	}
	return failed;
}

static void *killed(void *unused)
{
	(void)unused;
	install(SECCOMP_RET_KILL_THREAD, 0);
	syscall(SYS_getppid);
	return NULL;
}

static void answer(int fd)
{
	for (int i = 0;; i++) {
		struct seccomp_notif request = {};
		struct seccomp_notif_resp response = {};

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request))
			_exit(0);
		response.id = request.id;
		if (i % 3 == 0)
			response.error = -EACCES;
		else if (i % 3 == 1)
			response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			response.val = 42;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

int main(int argc, char **argv)
{
	const char *action = argc == 3 ? argv[1] : "";
	long count = argc == 3 ? number(argv[2]) : 0, failed;
	pthread_t thread;
	char line[64];
	int fd, status;
	pid_t child;

	say("ready\n");
	wait_for_line();
	if (!strcmp(action, "errno") || !strcmp(action, "child"))
		install(SECCOMP_RET_ERRNO | EPERM, 0);
	else if (!strcmp(action, "zero"))
		install(SECCOMP_RET_ERRNO | 0, 0);
	else if (!strcmp(action, "trace"))
		install(SECCOMP_RET_TRACE, 0);
	else if (!strcmp(action, "trap")) {
		signal(SIGSYS, trapped);
		install(SECCOMP_RET_TRAP, 0);
	} else if (!strcmp(action, "notify")) {
		fd = install(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
		child = fork();
		if (!child) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			answer(fd);
		}
		close(fd);
	} else if (!strcmp(action, "thread")) {
		if (pthread_create(&thread, NULL, killed, NULL))
			fail("pthread_create");
		pthread_join(thread, NULL);
		install(SECCOMP_RET_ERRNO | EPERM, 0);
	} else
		return 93;
	if (!strcmp(action, "child")) {
		child = fork();
		if (!child)
			_exit(make_calls(count) != count);
		waitpid(child, &status, 0);
		failed = status ? -1 : count;
	} else
		failed = make_calls(count);
	snprintf(line, sizeof(line), "done %ld %d\n", failed, traps);
	say(line);
	wait_for_line();
	return 0;
}
