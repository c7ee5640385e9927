/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load rate SECONDS WORKERS [EACH], load stream SECONDS WORKERS, load open COUNT:
 * connections on loopback, as many as the machine makes. Each worker is a process
 * that connects and a process that accepts. "rate" first says "workers" and their
 * process ids; after another line it opens, moves one byte each way and closes,
 * one connection after the other, for so many seconds and EACH worker at least so
 * many: says "done CONNECTIONS BYTES", the bytes of both ways. "stream" does the
 * same with some 100 KiB a connection, in writes of all lengths, each way until
 * the end of the stream. "open" holds all of them, in as many processes as that
 * takes: says "done COUNT", and after another line "closed".
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include "workload.h"

/* both ends of each have a descriptor: there may be 20,000 in a process */
#define PER_PROCESS 9000

static struct sockaddr_in address_of(int host, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
	return address;
}

static int listening(struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t length = sizeof(*address);

	*address = address_of(0, 0);
	address->sin_addr.s_addr = htonl(INADDR_ANY);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, length) || listen(fd, 4096) ||
	    getsockname(fd, (struct sockaddr *)address, &length))
		fail("listen");
	return fd;
}

static int connected(int host, int port)
{
	struct sockaddr_in address = address_of(host, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	return fd;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* what a worker did, both ways */
struct work {
	long connections;
	long bytes;
};

static void answer_byte(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1 || write(fd, &byte, 1) != 1)
		fail("answer");
}

/* the client resets, so that ports are free again at once */
static long ask_byte(int fd)
{
	struct linger at_once = { .l_onoff = 1 };
	char byte = 0;

	if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
		fail("ask");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return 2;
}

static char buffer[1 << 14];

static long read_all(int fd)
{
	long bytes = 0, count;

	while ((count = read(fd, buffer, sizeof(buffer))) > 0)
		bytes += count;
	if (count < 0)
		fail("read");
	return bytes;
}

static long write_some(int fd)
{
	long bytes = 0, count;

	for (int writes = 1 + rand() % 24; writes > 0; writes--) {
		count = write(fd, buffer, 1 + rand() % sizeof(buffer));
		if (count <= 0)
			fail("write");
		bytes += count;
	}
	shutdown(fd, SHUT_WR);
	return bytes;
}

static void answer_stream(int fd)
{
	read_all(fd);
	write_some(fd);
}

static long ask_stream(int fd)
{
	long sent = write_some(fd);

	return sent + read_all(fd);
}

struct kind {
	const char *name;
	void (*answer)(int fd);
	long (*ask)(int fd);
};

static const struct kind kinds[] = {
	{ "rate", answer_byte, ask_byte },
	{ "stream", answer_stream, ask_stream },
};

static void answer_all(const struct kind *kind, int listener)
{
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		kind->answer(fd);
		close(fd);
	}
}

static struct work ask_for(const struct kind *kind, double seconds, long each, int port)
{
	double end = now() + seconds;
	struct work work = {};
	int fd;

	while (now() < end || work.connections < each) {
		fd = connected(work.connections % 16, port);
		work.bytes += kind->ask(fd);
		close(fd);
		work.connections++;
	}
	return work;
}

static void work_for(const struct kind *kind, double seconds, int workers, long each)
{
	struct work work, total = {};
	struct sockaddr_in address;
	int results[2], start[2], listener;
	char line[512] = "workers", byte;
	pid_t servers[16], client;

	if (workers > 16 || pipe(results) || pipe(start))
		fail("pipe");
	for (int i = 0; i < workers; i++) {
		listener = listening(&address);
		servers[i] = fork();
		if (servers[i] == 0) {
			close(start[1]);
			answer_all(kind, listener);
		}
		close(listener);
		client = fork();
		if (client == 0) {
			close(start[1]);
			if (read(start[0], &byte, 1) != 0)
				fail("read");
			work = ask_for(kind, seconds, each, ntohs(address.sin_port));
			if (write(results[1], &work, sizeof(work)) != sizeof(work))
				fail("write");
			_exit(0);
		}
		sprintf(line + strlen(line), " %d %d", servers[i], client);
	}
	say(strcat(line, "\n"));
	wait_for_line();
	close(start[1]);
	for (int i = 0; i < workers; i++) {
		if (read(results[0], &work, sizeof(work)) != sizeof(work))
			fail("read");
		total.connections += work.connections;
		total.bytes += work.bytes;
	}
	/* all that was answered has been closed when the servers are through */
	usleep(200000);
	for (int i = 0; i < workers; i++)
		kill(servers[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	snprintf(line, sizeof(line), "done %ld %ld\n", total.connections, total.bytes);
	say(line);
}

static void hold_some(int host, long count, int report, int go_on)
{
	struct sockaddr_in address;
	int *fds = calloc(2 * count, sizeof(int)), listener = listening(&address);
	char byte = 0;

	for (long i = 0; i < count; i++) {
		fds[2 * i] = connected(host, ntohs(address.sin_port));
		fds[2 * i + 1] = accept(listener, NULL, NULL);
		if (fds[2 * i + 1] < 0)
			fail("accept");
	}
	if (write(report, &byte, 1) != 1 || read(go_on, &byte, 1) != 0)
		fail("hold");
}

static void hold(long count)
{
	int reports[2], go_on[2], processes = 0;
	char line[64], byte;

	if (pipe(reports) || pipe(go_on))
		fail("pipe");
	for (long left = count; left > 0; left -= PER_PROCESS, processes++) {
		if (fork() == 0) {
			close(go_on[1]);
			hold_some(processes, left < PER_PROCESS ? left : PER_PROCESS, reports[1], go_on[0]);
			_exit(0);
		}
		if (read(reports[0], &byte, 1) != 1)
			fail("read");
	}
	snprintf(line, sizeof(line), "done %ld\n", count);
	say(line);
	wait_for_line();
	/* they end, which closes all that they hold */
	close(go_on[1]);
	while (wait(NULL) > 0)
		;
	say("closed\n");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 93;
	say("ready\n");
	wait_for_line();
	if (!strcmp(argv[1], "open"))
		hold(number(argv[2]));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			work_for(&kinds[i], number(argv[2]), number(argv[3]), argc > 4 ? number(argv[4]) : 0);
	wait_for_line();
	return 0;
}
