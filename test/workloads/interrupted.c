/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interrupted KIND COUNT: makes COUNT calls that signals interrupt, and says behind "done" how many of them failed with
 * EINTR, how many signals were handled, and how many nanoseconds they took together.
 *
 * pause	a handler without SA_RESTART: fails
 * pause-restart	pause fails with SA_RESTART as well
 * read		a handler without SA_RESTART: fails
 * read-restart	a handler with SA_RESTART, which makes calls of its own: goes on
 * read-ignored	a signal that is ignored: goes on
 * accept-restart	the same as read-restart
 * sleep	a handler, with SA_RESTART: fails all the same
 * sleep-stopped	stopped and continued: goes on, by restart_syscall
 * poll-stopped	the same
 * jump		a handler that does not return: the calls never end
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/un.h>
#include <time.h>
#include "workload.h"

#define MS 1000000L

static volatile long handled;
static volatile int busy, jumps;
static sigjmp_buf before;

static void rang(int signal)
{
	(void)signal;
	handled++;
	if (busy)
		for (int i = 0; i < 3; i++)
			syscall(SYS_getppid);
	if (jumps)
		siglongjmp(before, 1);
}

static void on_alarm(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(SIGALRM, &action, NULL);
}

static void ring(long after_us, long every_us)
{
	struct itimerval timer = { { 0, every_us }, { 0, after_us } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 * MS + time.tv_nsec;
}

static void sleep_ms(long ms)
{
	struct timespec time = { 0, ms * MS };

	while (nanosleep(&time, &time))
		;
}

/* another process, which is not watched, in step with this one: `fd` tells it to begin */
static int helper(int *fd, void (*act)(int fd, pid_t target), long count)
{
	pid_t target = getpid();
	int pipes[2], ends[2];
	char c;

	if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("pipe");
	if (fork()) {
		close(pipes[0]);
		close(ends[1]);
		*fd = ends[0];
		return pipes[1];
	}
	close(pipes[1]);
	close(ends[0]);
	while (count-- && read(pipes[0], &c, 1) == 1)
		act(ends[1], target);
	_exit(0);
}

static void give_late(int fd, pid_t target)
{
	(void)target;
	sleep_ms(25);
	if (write(fd, "x", 1) != 1)
		_exit(1);
}

static struct sockaddr_un listening = { .sun_family = AF_UNIX, .sun_path = "\0ebpf-top-interrupted" };

static void connect_late(int fd, pid_t target)
{
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)fd;
	(void)target;
	sleep_ms(25);
	if (connect(client, (struct sockaddr *)&listening, sizeof(listening)))
		_exit(1);
	close(client);
}

static void stop(int fd, pid_t target)
{
	(void)fd;
	sleep_ms(3);
	for (int i = 0; i < 2; i++) {
		kill(target, SIGSTOP);
		sleep_ms(3);
		kill(target, SIGCONT);
		sleep_ms(3);
	}
}

static volatile long failed, took;

static void made(long result, long began)
{
	took += now() - began;
	if (result < 0 && errno == EINTR)
		failed++;
	else if (result < 0)
		fail("the call");
}

int main(int argc, char **argv)
{
	struct timespec pause_time = { 0, 40 * MS };
	const char *kind = argc == 3 ? argv[1] : "";
	long count = argc == 3 ? number(argv[2]) : 0;
	int fd = -1, go = -1, listener = -1, never[2];
	char line[96], c;

	if (pipe(never))
		fail("pipe");
	if (!strcmp(kind, "read-restart") || !strcmp(kind, "read-ignored")) {
		go = helper(&fd, give_late, count);
	} else if (!strcmp(kind, "accept-restart")) {
		listener = socket(AF_UNIX, SOCK_STREAM, 0);
		snprintf(listening.sun_path + 1, 60, "ebpf-top-interrupted-%d", getpid());
		if (bind(listener, (struct sockaddr *)&listening, sizeof(listening)) || listen(listener, 8))
			fail("listen");
		go = helper(&fd, connect_late, count);
	} else if (strstr(kind, "-stopped")) {
		go = helper(&fd, stop, count);
	}
	busy = !strcmp(kind, "read-restart");
	jumps = !strcmp(kind, "jump");
	on_alarm(strstr(kind, "ignored") ? SIG_IGN : rang, strstr(kind, "restart") || jumps || *kind == 's' ? SA_RESTART : 0);
	say("ready\n");
	wait_for_line();
	for (volatile long i = 0; i < count; i++) {
		long began = now();

		if (go >= 0 && write(go, "x", 1) != 1)
			fail("write");
		if (!strncmp(kind, "pause", 5)) {
			ring(3000, 0);
			made(syscall(SYS_pause), began);
		} else if (!strcmp(kind, "read")) {
			ring(3000, 0);
			made(syscall(SYS_read, never[0], &c, 1), began);
		} else if (!strncmp(kind, "read-", 5)) {
			ring(2000, 2000);
			made(syscall(SYS_readv, fd, (struct { char *at; long length; }[]){ { &c, 1 } }, 1), began);
			ring(0, 0);
		} else if (listener >= 0) {
			ring(2000, 2000);
			made(syscall(SYS_accept4, listener, NULL, NULL, 0), began);
			ring(0, 0);
		} else if (!strcmp(kind, "sleep")) {
			ring(3000, 0);
			made(syscall(SYS_nanosleep, &pause_time, NULL), began);
		} else if (!strcmp(kind, "sleep-stopped")) {
			made(syscall(SYS_nanosleep, &pause_time, NULL), began);
		} else if (!strcmp(kind, "poll-stopped")) {
			made(syscall(SYS_poll, NULL, 0, 40), began);
		} else if (jumps) {
			if (!sigsetjmp(before, 1)) {
				ring(3000, 0);
				made(syscall(SYS_read, never[0], &c, 1), began);
			}
		} else {
			return 93;
		}
	}
	jumps = 0;
	snprintf(line, sizeof(line), "done %ld %ld %ld\n", failed, handled, took);
	say(line);
	wait_for_line();
	return 0;
}
