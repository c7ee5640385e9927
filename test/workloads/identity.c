/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity: becomes another one as it is told, line by line, and answers each line
 * with one of its own: "ok NUMBERS...".
 *
 *   hold                 ok PORT LOCAL_PORT; listens, and connects to itself, and does no more with these sockets
 *   prctl TEXT           changes the name of the process
 *   comm TEXT            the same by /proc/self/comm, from another thread than the first
 *   title TEXT           writes over its arguments, as setproctitle does
 *   exec TEXT            executes this program anew, with TEXT for its argument; the sockets stay open
 *   leave                its first thread ends, and another one goes on
 *   at PID CALLS         ok; a child with that id, which is free, makes so many calls of getppid under the name "child"
 *   last CALLS           ok PID; the same with an id that the kernel chooses
 *   clock SECONDS        sets the clock, forward or back
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "workload.h"

static char *title, *title_end;

static void hold(int *port, int *local)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (void *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (void *)&address, &length))
		fail("listen");
	*port = ntohs(address.sin_port);
	if (connect(fd, (void *)&address, length) || getsockname(fd, (void *)&address, &length))
		fail("connect");
	*local = ntohs(address.sin_port);
}

static void set_comm(const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", getpid());
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

static void set_title(const char *text)
{
	memset(title, 0, title_end - title);
	strncpy(title, text, title_end - title - 1);
}

/* `id` 0: the kernel chooses */
static pid_t child(pid_t id, long calls)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD, .set_tid = id ? (uintptr_t)&id : 0,
					 .set_tid_size = id ? 1 : 0 };
	pid_t pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid < 0)
		fail("clone3");
	if (pid == 0) {
		prctl(PR_SET_NAME, "child");
		while (calls-- > 0)
			syscall(SYS_getppid);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

static void set_clock(long seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	if (clock_settime(CLOCK_REALTIME, &now))
		fail("clock_settime");
}

static void *rename_first(void *text)
{
	set_comm(text);
	return NULL;
}

static void *serve(void *first)
{
	char line[256], what[32], text[128], answer[64];
	int port = 0, local = 0, used, count;
	pthread_t thread;
	long a, b;

	/* the one before is gone */
	while (first && !first_ended())
		usleep(1000);
	say("ok\n");
	for (;;) {
		for (count = 0; count < 255 && read(STDIN_FILENO, line + count, 1) == 1 && line[count] != '\n'; count++)
			;
		line[count] = '\0';
		if (sscanf(line, "%31s%n", what, &used) != 1)
			exit(0);
		snprintf(text, sizeof(text), "%s", line + used + (line[used] == ' '));
		a = b = 0;
		sscanf(text, "%ld %ld", &a, &b);
		strcpy(answer, "ok\n");
		if (!strcmp(what, "hold")) {
			hold(&port, &local);
			snprintf(answer, sizeof(answer), "ok %d %d\n", port, local);
		} else if (!strcmp(what, "prctl")) {
			prctl(PR_SET_NAME, text);
		} else if (!strcmp(what, "comm")) {
			if (pthread_create(&thread, NULL, rename_first, text) || pthread_join(thread, NULL))
				fail("pthread_create");
		} else if (!strcmp(what, "title")) {
			set_title(text);
		} else if (!strcmp(what, "exec")) {
			execl("/proc/self/exe", "identity", text, NULL);
			fail("execl");
		} else if (!strcmp(what, "leave")) {
			if (pthread_create(&thread, NULL, serve, line))
				fail("pthread_create");
			pthread_exit(NULL);
		} else if (!strcmp(what, "at")) {
			child(a, b);
		} else if (!strcmp(what, "last")) {
			snprintf(answer, sizeof(answer), "ok %d\n", child(0, a));
		} else if (!strcmp(what, "clock")) {
			set_clock(a);
		} else {
			strcpy(answer, "failed\n");
		}
		say(answer);
	}
}

int main(int argc, char **argv)
{
	title = argv[0];
	title_end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
	serve(NULL);
	return 0;
}
